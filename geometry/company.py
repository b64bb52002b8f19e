"""What functions that share work out ask of the ranks, and the process that has none beside it."""

from __future__ import annotations

from typing import Protocol, TypeVar

from torch import Tensor

T = TypeVar("T")


class Company(Protocol):
    """What a function that shares work out asks of the ranks: their number, and what they have."""

    rank: int
    size: int

    def total(self, values: Tensor, *, everywhere: bool = False) -> Tensor:
        """Return, on rank 0 or ``everywhere``, the sum of all ranks' tensors of one shape."""

    def collect(self, value: T) -> list[T]:
        """Return, on rank 0, the values of all ranks in their order; on the others nothing."""


class Alone:
    """One process, which does it all."""

    rank, size = 0, 1

    def total(self, values: Tensor, *, everywhere: bool = False) -> Tensor:
        """Return the values."""
        del everywhere
        return values.detach()

    def collect(self, value: T) -> list[T]:
        """Return the value, as the only one."""
        return [value]
