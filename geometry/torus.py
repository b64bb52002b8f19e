"""Images whose borders meet, for computations that know of no such: continued, and folded back."""

from __future__ import annotations

from collections.abc import Callable
from math import gcd

import torch
import torch.nn.functional as F
from torch import Tensor

from ..metrics.tiling import NO_WRAP, Wrap, pad_around


def resize(images: Tensor, size: tuple[int, int], wrap: Wrap = NO_WRAP) -> Tensor:
    """Scale images (N, C, H, W) to ``size`` (H, W), antialiased, around borders that meet."""
    if any(wrap):
        pads, kept = zip(*map(_whole_pixels, images.shape[-2:], size, wrap), strict=True)
        larger = (size[0] + 2 * kept[0], size[1] + 2 * kept[1])
        scaled = resize(pad_around(images, pads, pads), larger)
        return scaled[..., kept[0] : kept[0] + size[0], kept[1] : kept[1] + size[1]]
    return F.interpolate(images, size, mode="bilinear", antialias=True, align_corners=False)


def _whole_pixels(side: int, scaled: int, wrapped: bool) -> tuple[int, int]:
    """Return the least pixels of a side that are whole pixels when it is scaled, and those."""
    return (side // gcd(side, scaled), scaled // gcd(side, scaled)) if wrapped else (0, 0)


def around(
    estimate: Callable[[Tensor, Tensor], Tensor], start: Tensor, end: Tensor, wrap: Wrap
) -> Tensor:
    """Return what is estimated (..., H, W) of two images (C, H, W), around borders that meet.

    The images are continued by a quarter of a side each way. What is then estimated twice goes
    over from the one to the other, so that nothing jumps.
    """
    if not any(wrap):
        return estimate(start, end)
    sides = start.shape[-2:]
    pads = tuple(side // 4 if wrapped else 0 for side, wrapped in zip(sides, wrap, strict=True))
    larger = pad_around(torch.stack([start, end]), (pads[0], pads[1]), (pads[0], pads[1]))
    found = estimate(larger[0], larger[1])
    rows, columns = (fold_matrix(*each).to(found) for each in zip(sides, pads, strict=True))
    return rows @ found @ columns.T


def fold_matrix(side: int, pad: int) -> Tensor:
    """Return the matrix (side, side + 2 pad) that folds a continued signal back, float64.

    The weights of a pixel's places sum to 1; ``pad`` is at most half a side.
    """
    length = side + 2 * pad
    place = torch.arange(length)
    to_border = torch.minimum(place, length - 1 - place) + 0.5
    weights = (to_border.double() / max(2 * pad, 0.5)).clamp(max=1)
    matrix = torch.zeros(side, length, dtype=torch.float64)
    matrix[(place - pad) % side, place] = weights
    return matrix
