"""The box [0, 1] in which images live, and the cone in it of those with transparency."""

from __future__ import annotations

import math
from collections.abc import Callable

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
    alpha = _raised(alpha, colours).clamp(0, 1)
    return torch.cat([torch.minimum(colours, alpha).clamp(min=0), alpha], 1)


def stays_inside(x: Tensor, gradient: Tensor) -> Callable[[Tensor], Tensor]:
    """Return the projection on the directions in which descent along ``gradient`` stays inside.

    It is linear. Components that point out of the box at an active bound become 0. Of
    premultiplied RGBA a colour that touches alpha and would rise above it goes with it: both
    have their mean.
    """
    down, together = -gradient, None
    if has_alpha(x):
        colours, alpha = down[:, :3], down[:, 3:]
        touching = x[:, :3] >= x[:, 3:]
        held = _raised(alpha, colours.masked_fill(~touching, -math.inf))
        held_colours = touching & (colours > held)
        together = torch.cat([held_colours, held_colours.any(1, keepdim=True)], 1)
        down = torch.where(together, held, down)
    stopped = ((x <= 0) & (down < 0)) | ((x >= 1) & (down > 0))

    def onto(direction: Tensor) -> Tensor:
        if together is not None:
            count = together.sum(1, keepdim=True).clamp(min=1)
            mean = (direction * together).sum(1, keepdim=True) / count
            direction = torch.where(together, mean, direction)
        return direction.masked_fill(stopped, 0.0)

    return onto


def optimality_error(x: Tensor, gradient: Tensor) -> float:
    """Return the norm of the projected gradient, see `stays_inside`.

    It is 0 exactly at the first-order points of min f(x) subject to 0 <= x <= 1 and, of
    premultiplied RGBA, no colour above alpha.
    """
    return float(stays_inside(x, gradient)(gradient).norm())


def _raised(alpha: Tensor, colours: Tensor) -> Tensor:
    """Return the nearest alpha (N, 1, H, W) that colours (N, 3, H, W) go down to, if above."""
    # Where the k largest colours meet alpha, it is the mean of all of them; the largest of these
    # means is the nearest alpha, and cutting to the box comes after.
    sums = colours.sort(dim=1, descending=True).values.cumsum(1)
    means = (alpha + sums) / torch.arange(2, 5, device=alpha.device).view(1, 3, 1, 1)
    nearest = torch.maximum(alpha, means.amax(1, keepdim=True))
    return torch.where((colours > alpha).any(1, keepdim=True), nearest, alpha)
