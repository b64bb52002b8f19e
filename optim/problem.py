"""What a solver is given: a noisy gradient and a held-out judgement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


@dataclass(frozen=True)
class Constraint:
    """One stochastic look at a constraint: its ``value``, kept <= 0, and its gradient."""

    value: float
    gradient: Tensor


@dataclass(frozen=True)
class GradientSample:
    """One stochastic look at the objective.

    Attributes
    ----------
    value
        The sampled objective.
    gradient
        Its gradient, shaped like the variable.
    draws
        How many random draws it cost.
    constraint
        What the expected value of has to stay below 0, if anything.
    work
        How much arithmetic it was, in a unit that the samples of a problem share: what the
        times of steps are compared by.
    """

    value: float
    gradient: Tensor
    draws: int = 1
    constraint: Constraint | None = None
    work: float = 1.0


class Problem(Protocol):
    """A stochastic objective over images in the box [0, 1]."""

    def sample(self, x: Tensor, generator: torch.Generator) -> GradientSample:
        """Return an estimate of the objective and its gradient at x, on fresh draws."""

    def held_out(self, x: Tensor) -> float:
        """Return the objective at x on fixed draws that are never optimised."""


class Preconditioner(Protocol):
    """A linear map S from the coordinates a solver steps in to the variable: x = x0 + S z."""

    def apply(self, coordinates: Tensor) -> Tensor:
        """Return S z, shaped like the variable."""

    def adjoint(self, gradient: Tensor) -> Tensor:
        """Return S^T g, the gradient in the coordinates of a gradient on the variable."""


@dataclass(frozen=True)
class Scaling:
    """Coordinates that are the variable in units of ``scale``."""

    scale: float | Tensor = 1.0

    def apply(self, coordinates: Tensor) -> Tensor:
        """Return S z."""
        return self.scale * coordinates

    def adjoint(self, gradient: Tensor) -> Tensor:
        """Return S^T g."""
        return self.scale * gradient
