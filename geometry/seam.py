"""How the borders of images meet that are to repeat: the step across, beside those inside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from ..metrics.tiling import Tile, wrap_of

Axis = Literal["x", "y"]

VISIBLE = 1.5
"""How many times both the step elsewhere and that nearby a seam's is from which on it is one."""

_NEARBY = (-2, -1, 1, 2)
# A fortieth of a level of 8 bits: what rounding leaves of a flat picture is no step.
_FLAT = 1e-4


@dataclass(frozen=True)
class Seams:
    """The mean absolute difference across the borders of images, on one axis.

    Attributes
    ----------
    elsewhere
        Per image over that of neighbouring lines inside: about 1 for one that tiles, and more
        where its content has an edge at the border.
    nearby
        Per image over that of the four lines next to the border, which have such an edge's
        slopes too.
    """

    elsewhere: tuple[float, ...]
    nearby: tuple[float, ...]

    @property
    def visible(self) -> tuple[int, ...]:
        """The indices of images with a seam: both are above `VISIBLE`."""
        pairs = zip(self.elsewhere, self.nearby, strict=True)
        return tuple(index for index, pair in enumerate(pairs) if min(pair) > VISIBLE)


def measure_seams(images: Tensor, tile: Tile) -> dict[Axis, Seams]:
    """Measure images (N, C, H, W) on the axes on which they are to repeat."""
    down, across = wrap_of(tile)
    found: dict[Axis, Seams] = {}
    if across:
        found["x"] = _seams(images)
    if down:
        found["y"] = _seams(images.mT)
    return found


def _seams(images: Tensor) -> Seams:
    """Measure images where their first column follows on the last."""
    steps = (images - images.roll(1, -1)).abs().double().mean((1, 2)).cpu() + _FLAT
    seam, elsewhere = steps[:, 0], steps[:, 1:].mean(1)
    nearby = steps[:, [index % steps.shape[1] for index in _NEARBY]].mean(1)
    return Seams(tuple((seam / elsewhere).tolist()), tuple((seam / nearby).tolist()))
