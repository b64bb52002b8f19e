"""Qualities of a path: how much work goes where, and where it starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import torch

from ..metrics import InputError
from .reference_path import PathInit

Quality = Literal["draft", "standard", "best"]


@dataclass(frozen=True)
class Effort:
    """What a quality does.

    Attributes
    ----------
    init
        Where paths start unless they are told.
    first_steps, next_steps, last_steps
        Steps of the coarsest level (2 transitions), of each one between, and of the finest.
        A step on N transitions costs 2 N network passes.
    """

    init: PathInit
    first_steps: int
    next_steps: int
    last_steps: int


EFFORTS: dict[Quality, Effort] = {
    "draft": Effort("crisp", 50, 30, 70),
    "standard": Effort("texture", 300, 80, 60),
    "best": Effort("texture", 1200, 300, 150),
}
"""Chosen by measurement (`docs/performance.md`)."""


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
