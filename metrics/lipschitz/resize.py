"""Resizing as two matrices, whose norms say by how much it can lengthen a difference.

Rows and columns are interpolated one after the other, so that the norm of the whole is the
product of the spectral norms of the two matrices. It is far below 1 where an image is made
smaller, and above 1 where it is enlarged.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

Resampling = Literal["bilinear", "bicubic"]

_CACHED = 32


@lru_cache(_CACHED)
def interpolation(before: int, after: int, resampling: Resampling) -> Tensor:
    """Return the matrix (after, before) of antialiased interpolation along one axis, float64.

    It is PyTorch's own: each column is what comes of a single bright pixel.
    """
    if before == after:
        return torch.eye(before, dtype=torch.float64)
    # Every column is an image's of its own: PyTorch errs where the width is a single pixel.
    pixels = torch.eye(before, dtype=torch.float64)[None, None]
    size = (after, before)
    return F.interpolate(pixels, size, mode=resampling, antialias=True, align_corners=False)[0, 0]


@lru_cache(_CACHED)
def axis_norm(before: int, after: int, resampling: Resampling) -> float:
    """Return the spectral norm of `interpolation`."""
    if before == after:
        return 1.0
    return float(torch.linalg.matrix_norm(interpolation(before, after, resampling), 2))


def resize_norm(size: tuple[int, int], side: int, resampling: Resampling) -> float:
    """Return the spectral norm of `resize` for images of ``size`` (H, W)."""
    return axis_norm(size[0], side, resampling) * axis_norm(size[1], side, resampling)


def resize(images: Tensor, side: int, resampling: Resampling) -> Tensor:
    """Resize images (N, C, H, W) to ``side`` x ``side`` pixels, whatever their proportions.

    Bicubic overshoots are clipped to [0, 1], as in 8-bit pictures, which moves no two images
    apart.
    """
    height, width = images.shape[-2:]
    if height == width == side:
        return images
    rows = interpolation(height, side, resampling).to(images)
    columns = interpolation(width, side, resampling).to(images)
    resized = rows @ images @ columns.mT
    return resized.clamp(0, 1) if resampling == "bicubic" else resized
