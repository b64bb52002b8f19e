"""The two ends of a path: what they must be."""

from __future__ import annotations

from torch import Tensor

from ..metrics import InputError, check_image


def check_ends(start: Tensor, end: Tensor, channels: int = 3) -> None:
    """Raise `InputError` unless both are images (C, H, W) in [0, 1], see `check_image`, alike."""
    check_image(start, "start", channels)
    check_image(end, "end", channels)
    if start.shape != end.shape:
        raise InputError(f"ends differ in shape: {tuple(start.shape)} and {tuple(end.shape)}")
