"""Images moved along displacement fields, and the fields themselves."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ..metrics.tiling import NO_WRAP, Wrap, pad_around

# Bicubic interpolation looks at this many pixels each way.
_REACH = 2
_ITERATIONS = 3


def pixel_grid(like: Tensor) -> Tensor:
    """Return the (row, column) of every pixel, (2, H, W), of an image (..., H, W)."""
    height, width = like.shape[-2:]
    rows = torch.arange(height, dtype=like.dtype, device=like.device)
    columns = torch.arange(width, dtype=like.dtype, device=like.device)
    return torch.stack(torch.meshgrid(rows, columns, indexing="ij"))


def sample(
    images: Tensor, positions: Tensor, mode: str = "bicubic", wrap: Wrap = NO_WRAP
) -> Tensor:
    """Sample images (C, H, W) at (row, column) positions (2, H, W), or N at N.

    Continued beyond the borders, by the other one on axes that wrap; differentiable in the
    images.
    """
    if images.dim() == 3:
        return sample(images[None], positions[None], mode, wrap)[0]
    if any(wrap):
        images, positions = _continued(images, positions, wrap)
    height, width = images.shape[-2:]
    y, x = (2 * positions[:, 0] + 1) / height - 1, (2 * positions[:, 1] + 1) / width - 1
    points = torch.stack([x, y], -1)
    return F.grid_sample(images, points, mode, "border", align_corners=False)


def _continued(images: Tensor, positions: Tensor, wrap: Wrap) -> tuple[Tensor, Tensor]:
    """Continue images on axes that wrap, and bring positions to where they then are."""
    pads = (_REACH * wrap[0], _REACH * wrap[1])
    within = [
        torch.remainder(positions[:, axis], side) + pad if wrapped else positions[:, axis]
        for axis, (side, pad, wrapped) in enumerate(zip(images.shape[-2:], pads, wrap, strict=True))
    ]
    return pad_around(images, pads, pads), torch.stack(within, 1)


def carry(flow: Tensor, grid: Tensor, time: float, wrap: Wrap = NO_WRAP) -> Tensor:
    """Return the flow (2, H, W) of those pixels that are at the grid's places after a time."""
    carried = flow
    for _ in range(_ITERATIONS):
        carried = sample(flow, grid - time * carried, "bilinear", wrap)
    return carried
