"""Balls of pixel differences, in which attacks of bounded norm stay."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from ..metrics import InputError
from ..optim import project

Norm = Literal["linf", "l2"]
"""Largest absolute difference of a value, or Euclidean length over all values of an image."""

_TINY = 1e-30
_IMAGE = (-3, -2, -1)


@dataclass(frozen=True)
class Ball:
    """The images x in [0, 1] with |x - c| <= epsilon for a centre c in [0, 1].

    Images are the last three axes, (..., 3, H, W): each has a ball of its own.

    Attributes
    ----------
    norm
        ``"linf"`` or ``"l2"``.
    epsilon
        Radius, of pixel values in [0, 1]; above 0.
    """

    norm: Norm
    epsilon: float

    def __post_init__(self) -> None:
        """Check the fields; raises `InputError`."""
        if self.norm not in ("linf", "l2"):
            raise InputError(f"norm: found {self.norm!r}, expected linf or l2")
        if not (self.epsilon > 0 and math.isfinite(self.epsilon)):
            raise InputError(f"epsilon: found {self.epsilon}, expected a positive number")

    @property
    def name(self) -> str:
        """The norm and the radius, as tables show them: ``"linf 4/255"``, ``"l2 1"``."""
        steps = self.epsilon * 255
        if self.norm == "linf" and abs(steps - round(steps)) < 1e-6:
            return f"linf {round(steps)}/255"
        return f"{self.norm} {self.epsilon:g}"

    def bound(self, x: Tensor, center: Tensor) -> Tensor:
        """Return x brought into the ball, then into the box: in both, for the box is convex."""
        difference = x - center
        if self.norm == "linf":
            return project(center + difference.clamp(-self.epsilon, self.epsilon))
        length = _length(difference).clamp_min(_TINY)
        return project(center + difference * (self.epsilon / length).clamp_max(1.0))

    def steepest(self, gradient: Tensor) -> Tensor:
        """Return the direction of unit norm that raises a function fastest; 0 for no gradient."""
        if self.norm == "linf":
            return gradient.sign()
        return gradient / _length(gradient).clamp_min(_TINY)

    def random(self, center: Tensor, generator: torch.Generator) -> Tensor:
        """Return a random point of the ball and the box: uniform in the ball, then clamped."""
        if self.norm == "linf":
            noise = torch.rand(center.shape, generator=generator).to(center) * 2 - 1
            return project(center + self.epsilon * noise)
        noise = torch.randn(center.shape, generator=generator).to(center)
        values = math.prod(center.shape[-3:])
        share = torch.rand(center.shape[:-3], generator=generator).to(center) ** (1 / values)
        return project(center + self.epsilon * share[..., None, None, None] * self.steepest(noise))


def _length(x: Tensor) -> Tensor:
    return x.square().sum(_IMAGE, keepdim=True).sqrt()
