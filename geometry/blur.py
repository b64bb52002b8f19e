"""Gaussian blur with mirrored borders, as two small matrix products."""

from __future__ import annotations

import math
from functools import lru_cache

import torch
from torch import Tensor


def gaussian_blur(images: Tensor, sigma: float) -> Tensor:
    """Blur images (..., H, W) by a Gaussian of ``sigma`` pixels.

    Borders are mirrored (half-sample symmetric), which keeps constants, means and, as a
    linear map, symmetry: the blur is its own adjoint. Any sigma, any size.
    """
    height, width = images.shape[-2:]
    rows = _matrix_on(height, sigma, images.device, images.dtype)
    columns = _matrix_on(width, sigma, images.device, images.dtype)
    return rows @ images @ columns


@lru_cache(maxsize=64)
def _matrix_on(size: int, sigma: float, device: torch.device, dtype: torch.dtype) -> Tensor:
    return gaussian_matrix(size, sigma).to(device, dtype)


def gaussian_matrix(size: int, sigma: float) -> Tensor:
    """Return the symmetric matrix (size, size), float64, that blurs a mirrored signal."""
    index = torch.arange(size, dtype=torch.float64)
    difference, total = index[:, None] - index, index[:, None] + index + 1
    periods = math.ceil(5 * sigma / (2 * size)) + 1
    matrix = torch.zeros(size, size, dtype=torch.float64)
    for period in range(-periods, periods + 1):
        for distance in (difference, total):
            matrix += torch.exp(-0.5 * ((distance + 2 * size * period) / sigma) ** 2)
    return matrix / matrix.sum(1, keepdim=True).mean()
