"""The contract of a solver: four small pure methods."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Generic, TypeVar

from torch import Tensor

from .problem import GradientSample


@dataclass(frozen=True)
class SolverState:
    """What a solver remembers: a frozen dataclass of tensors, numbers and other such dataclasses.

    Attributes
    ----------
    step
        Steps taken.
    """

    step: int


S = TypeVar("S", bound=SolverState)


class Solver(ABC, Generic[S]):
    """A rule that turns gradient samples into steps inside the box [0, 1].

    Solvers are frozen dataclasses of options; everything that changes is in the state.
    """

    @abstractmethod
    def init(self, x: Tensor) -> S:
        """Return the state before the first step from x."""

    @abstractmethod
    def step(self, x: Tensor, sample: GradientSample, state: S) -> tuple[Tensor, S]:
        """Return the next iterate, inside the box, and the next state; change no argument."""

    def optimality(self, x: Tensor, state: S) -> float:
        """Return the optimality error by the solver's best knowledge of the gradient."""
        del x, state
        return float("inf")

    def postprocess(self, x: Tensor, state: S) -> Tensor:
        """Return the candidate result at iterate x."""
        del state
        return x
