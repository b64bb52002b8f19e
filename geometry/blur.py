"""Gaussian blur, mirrored at borders or around them, as two small matrix products."""

from __future__ import annotations

import math
from functools import lru_cache

import torch
from torch import Tensor

from ..metrics.tiling import NO_WRAP, Wrap


def gaussian_blur(images: Tensor, sigma: float, wrap: Wrap = NO_WRAP) -> Tensor:
    """Blur images (..., H, W) by a Gaussian of ``sigma`` pixels.

    Borders are mirrored (half-sample symmetric), or meet on axes that wrap; both keep
    constants, means and, as a linear map, symmetry: the blur is its own adjoint. Any sigma,
    any size.
    """
    height, width = images.shape[-2:]
    rows = _matrix_on(height, sigma, wrap[0], images.device, images.dtype)
    columns = _matrix_on(width, sigma, wrap[1], images.device, images.dtype)
    return rows @ images @ columns


@lru_cache(maxsize=64)
def _matrix_on(
    size: int, sigma: float, circular: bool, device: torch.device, dtype: torch.dtype
) -> Tensor:
    return gaussian_matrix(size, sigma, circular=circular).to(device, dtype)


def gaussian_matrix(size: int, sigma: float, *, circular: bool = False) -> Tensor:
    """Return the symmetric matrix (size, size), float64, that blurs a mirrored signal.

    Or, if it is circular, one whose end is followed by its beginning.
    """
    index = torch.arange(size, dtype=torch.float64)
    difference, total = index[:, None] - index, index[:, None] + index + 1
    period, distances = (size, [difference]) if circular else (2 * size, [difference, total])
    reach = math.ceil(5 * sigma / period) + 1
    matrix = torch.zeros(size, size, dtype=torch.float64)
    for turn in range(-reach, reach + 1):
        for distance in distances:
            matrix += torch.exp(-0.5 * ((distance + period * turn) / sigma) ** 2)
    return matrix / matrix.sum(1, keepdim=True).mean()
