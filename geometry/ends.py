"""What a path is between, and of how many frames: what they must be."""

from __future__ import annotations

import torch
from torch import Tensor

from ..metrics import InputError
from ..metrics.checks import check_number
from ..metrics.memory import check_memory
from .footprint import path_need
from .inputs import check_input


def check_ends(start: Tensor, end: Tensor, channels: int = 3) -> None:
    """Raise `InputError` unless both are images (C, H, W) in [0, 1], see `check_input`, alike."""
    check_input(start, "start", channels)
    check_input(end, "end", channels)
    if start.shape != end.shape:
        raise InputError(f"ends differ in shape: {tuple(start.shape)} and {tuple(end.shape)}")


def check_frames(
    frames: int, size: tuple[int, int], device: torch.device, *, released: bool
) -> None:
    """Raise `InputError` unless there are 3 frames or more, and memory for a path of them.

    ``size`` is (H, W); a lower bound of the memory is looked at before any of it is taken.
    """
    check_number("frames", frames)
    if frames < 3:
        raise InputError(f"frames: found {frames}, expected at least 3")
    need = path_need(frames, size, released=released)
    check_memory(need.state, need.what, need.advice, device)
