"""Images that tile: which of their borders meet.

On an axis that wraps an image is a torus: its last row is followed by its first. Nothing of
what is computed on it may then know where its border is.
"""

from __future__ import annotations

from typing import Literal, get_args

import torch.nn.functional as F
from torch import Tensor

from .errors import InputError

Tile = Literal["none", "x", "y", "both"]
"""Along what images repeat: x (left and right meet), y (top and bottom), both, or none."""

Wrap = tuple[bool, bool]
"""Whether rows follow each other in a circle, and whether columns do."""

NO_WRAP: Wrap = (False, False)


def wrap_of(tile: Tile) -> Wrap:
    """Return which of the axes (y, x) wrap.

    Raises
    ------
    InputError
        There is no such way to tile.
    """
    if tile not in get_args(Tile):
        raise InputError(f"tile: found {tile!r}, expected one of {', '.join(get_args(Tile))}")
    return tile in ("y", "both"), tile in ("x", "both")


def pad_around(images: Tensor, before: tuple[int, int], after: tuple[int, int]) -> Tensor:
    """Continue images (N, C, H, W) by themselves, by at most a side: (y, x) before and after."""
    return F.pad(images, (before[1], after[1], before[0], after[0]), mode="circular")
