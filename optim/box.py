"""The box [0, 1] in which images live, and the cone in it of those with transparency."""

from __future__ import annotations

import torch
from torch import Tensor

from ..rgba import has_alpha


def project(x: Tensor) -> Tensor:
    """Return the nearest point of the box [0, 1].

    Images (N, 4, H, W) are premultiplied RGBA: of these the nearest in which no colour is above
    alpha. A point that is one already stays as it is, bit by bit.
    """
    if not has_alpha(x):
        return x.clamp(0.0, 1.0)
    colours, alpha = x[:, :3], x[:, 3:]
    # Where the k largest colours meet alpha, it is the mean of all of them; the largest of these
    # means is the nearest alpha, and cutting to the box comes after.
    sums = colours.sort(dim=1, descending=True).values.cumsum(1)
    means = (alpha + sums) / torch.arange(2, 5, device=x.device).view(1, 3, 1, 1)
    nearest = torch.maximum(alpha, means.amax(1, keepdim=True))
    alpha = torch.where((colours > alpha).any(1, keepdim=True), nearest, alpha).clamp(0, 1)
    return torch.cat([torch.minimum(colours, alpha).clamp(min=0), alpha], 1)


def blocked(x: Tensor, gradient: Tensor) -> Tensor:
    """Return where descent along ``gradient`` would leave the box at an active bound.

    Of premultiplied RGBA also where it would raise a colour that alpha holds.
    """
    found = ((x <= 0) & (gradient > 0)) | ((x >= 1) & (gradient < 0))
    if has_alpha(x):
        found[:, :3] |= (x[:, :3] >= x[:, 3:]) & (gradient[:, :3] < 0)
    return found


def optimality_error(x: Tensor, gradient: Tensor) -> float:
    """Return the norm of the projected gradient on the box [0, 1].

    Components that point out of the box at an active bound do not count; the error is 0
    exactly at the first-order points of min f(x) subject to 0 <= x <= 1.
    """
    return float(gradient.masked_fill(blocked(x, gradient), 0.0).norm())
