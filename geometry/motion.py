"""Paths of moving images: both ends warped along their optical flow, and blended."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def flow_path(start: Tensor, end: Tensor, times: Sequence[float] | Tensor) -> Tensor:
    """Fade from start to end (placeholder: the warp follows)."""
    stack = [start if t == 0 else end if t == 1 else start + t * (end - start) for t in times]
    return torch.stack(stack)
