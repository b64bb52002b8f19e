"""The contract of a solver: four small pure methods."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from torch import Tensor

from .problem import GradientSample

State = dict[str, Any]
"""Tensors and numbers; a checkpoint stores it as it is."""


class Solver(ABC):
    """A rule that turns gradient samples into steps inside the box [0, 1].

    Solvers are frozen dataclasses of options; everything that changes is in the state.
    """

    @abstractmethod
    def init(self, x: Tensor) -> State:
        """Return the state before the first step from x."""

    @abstractmethod
    def step(self, x: Tensor, sample: GradientSample, state: State) -> tuple[Tensor, State]:
        """Return the next iterate, inside the box, and the next state; change no argument."""

    def optimality(self, x: Tensor, state: State) -> float:
        """Return the optimality error by the solver's best knowledge of the gradient."""
        del x, state
        return float("inf")

    def postprocess(self, x: Tensor, state: State) -> Tensor:
        """Return the candidate result at iterate x."""
        del state
        return x
