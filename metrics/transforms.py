"""Applying a draw of the ensemble to images: pure functions, differentiable.

Order as released (``elpips/elpips.py``, `apply_ensemble`): scale, offset, flip, transpose,
channel permutation, gain.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from .base import image_size
from .ensemble import FLIPS, EnsembleDraw
from .errors import InputError


def transform(images: Tensor, draw: EnsembleDraw) -> Tensor:
    """Transform images (N, 3, H, W) in [0, 1] -> (N, 3, H', W') in [0, 1].

    ``draw.batch`` is 1 (all images share the transformation) or N.

    Raises
    ------
    InputError
        The draw is for another number of images, or they are too small to be padded.
    """
    if draw.batch not in (1, len(images)):
        raise InputError(f"the draw is for {draw.batch} images, found {len(images)}")
    images = downscale(images, draw.scale_level, draw.scale_offset, crop=draw.fast)
    if draw.batch == 1:
        images = _shift_and_flip(images, draw, 0)
    else:
        items = (_shift_and_flip(images[i : i + 1], draw, i) for i in range(draw.batch))
        images = torch.cat(list(items))
    if draw.transpose:
        images = images.transpose(-2, -1)
    if draw.permutation is not None:
        source = torch.tensor(draw.permutation, device=images.device)
        images = images.gather(1, source[:, :, None, None].expand_as(images))
    if draw.gain is not None:
        images = images * draw.gain.to(images)[:, :, None, None]
    return images


def downscale(images: Tensor, level: int, phase: tuple[int, int], *, crop: bool = False) -> Tensor:
    """Average boxes of level x level pixels whose grid is shifted by ``phase`` (y, x).

    Images (..., H, W), phases in 0..level-1. Padding by reflection makes every pixel count:
    a side of n pixels becomes one of (n + 2 (level - 1)) // level. With ``crop`` incomplete
    boxes are left out instead: (n - level + 1) // level.

    Raises
    ------
    InputError
        The images are too small to be padded.
    """
    if level == 1:
        return images
    sides = image_size(images)
    if crop:
        kept = [(side - level + 1) // level * level for side in sides]
        images = images[..., phase[0] : phase[0] + kept[0], phase[1] : phase[1] + kept[1]]
    else:
        padded = [(side + 2 * (level - 1)) // level * level for side in sides]
        after = [padded[i] - sides[i] - phase[i] for i in (0, 1)]
        images = _reflect_pad(images, phase, (after[0], after[1]))
    return F.avg_pool2d(images, level)


def _shift_and_flip(images: Tensor, draw: EnsembleDraw, item: int) -> Tensor:
    if draw.offset is not None:
        y, x = draw.offset[item]
        span = draw.offset_max
        if draw.fast:
            height, width = image_size(images)
            images = images[..., y : height - span + y, x : width - span + x]
        else:
            images = _reflect_pad(images, (span - y, span - x), (y, x))
    if draw.flip is not None and (axes := FLIPS[draw.flip[item]]):
        images = images.flip(axes)
    return images


def _reflect_pad(images: Tensor, before: tuple[int, int], after: tuple[int, int]) -> Tensor:
    height, width = image_size(images)
    if max(before[0], after[0]) >= height or max(before[1], after[1]) >= width:
        raise InputError(
            f"images of {width} x {height} px at this scale are too small to be padded by "
            f"{max(*before, *after)} px; use larger images or fewer scale_levels"
        )
    return F.pad(images, (before[1], after[1], before[0], after[0]), mode="reflect")
