"""What a solver is given: a noisy gradient and a held-out judgement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


@dataclass(frozen=True)
class Sample:
    """One stochastic look at the objective.

    Attributes
    ----------
    value
        The sampled objective.
    gradient
        Its gradient, shaped like the variable.
    draws
        How many random draws it cost.
    """

    value: float
    gradient: Tensor
    draws: int = 1


class Problem(Protocol):
    """A stochastic objective over images in the box [0, 1]."""

    def sample(self, x: Tensor, generator: torch.Generator) -> Sample:
        """Return an estimate of the objective and its gradient at x, on fresh draws."""

    def held_out(self, x: Tensor) -> float:
        """Return the objective at x on fixed draws that are never optimised."""

    def spread(self) -> Tensor:
        """Return how far each element of the variable may plausibly have to move.

        Shaped like the variable or broadcastable to it; > 0 and in units of the variable.
        """
