"""Qualities of a path or a barycenter: how many steps go where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import torch

from ..metrics import InputError

Quality = Literal["draft", "standard", "best"]


@dataclass(frozen=True)
class Effort:
    """What a quality does.

    Attributes
    ----------
    steps
        Of a barycenter.
    first_steps, next_steps, last_steps
        Of the coarsest level of a path (2 transitions), of each one between, and of the
        finest. A step on N transitions costs 2 N network passes.
    step_size
        First step size of a path from a fade, in units of how far frames may have to go.
    """

    steps: int
    first_steps: int
    next_steps: int
    last_steps: int
    step_size: float

    def step_size_from(self, init: str) -> float:
        """Return a path's first step size: large where all is open, small where little is."""
        if init in ("texture", "noise"):
            return _FROM_NOISE
        return _FROM_MOTION if init in ("flow", "objects", "frames") else self.step_size


EFFORTS: dict[Quality, Effort] = {
    "draft": Effort(200, 50, 30, 70, 0.13),
    "standard": Effort(400, 200, 60, 80, 0.25),
    "best": Effort(1600, 200, 60, 350, 0.25),
}
"""Chosen by measurement (`docs/performance.md`)."""

_FROM_NOISE, _FROM_MOTION = 0.4, 0.13
_BARYCENTER = 0.25


def barycenter_step_size(init: str) -> float:
    """Return a barycenter's first step size, in units of how far pixels may have to go.

    Small from where objects meet: that has all its detail at once, and noise would be added to it.
    """
    return _FROM_MOTION if init == "objects" else _BARYCENTER


def effort(quality: Quality | None, steps: int | None, device: torch.device) -> Effort:
    """Return what a quality does, or what is done where none is given.

    The standard; the best on a GPU, where steps cost little; and the draft, which has
    something to show at any time, where the number of steps is given.
    """
    if quality is None:
        quality = "draft" if steps is not None else "standard" if device.type == "cpu" else "best"
    return EFFORTS[quality]


def check_quality(quality: Quality | None) -> None:
    """Raise `InputError` unless there is such a quality."""
    if quality is not None and quality not in EFFORTS:
        known = ", ".join(get_args(Quality))
        raise InputError(f"quality: found {quality!r}, expected one of {known}")
