"""Two small images, and the paths between them that tests compare with."""

from __future__ import annotations

import torch
from torch import Tensor

from elpips.geometry.reference_path import cross_fade
from elpips.geometry.sine_modes import times_of

START, END = torch.rand(2, 3, 17, 21, generator=torch.Generator().manual_seed(0))


def fade(frames: int) -> Tensor:
    """Return the cross-fade, the geodesic of the pixel metric."""
    return cross_fade(START, END, times_of(frames - 1))


def noise(*shape: int, seed: int = 1) -> Tensor:
    """Return numbers in [0, 1)."""
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))
