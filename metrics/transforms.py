"""Applying a draw of the ensemble to images: pure functions, differentiable.

Order as released (``elpips/elpips.py``, `apply_ensemble`): scale, offset, flip, transpose,
channel permutation, gain. On axes that wrap, the roll in place of the offset comes first, in
whole pixels of the image: rolled images are then the same images under another draw.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from .base import image_size
from .ensemble import FLIPS, EnsembleDraw
from .errors import InputError
from .tiling import NO_WRAP, Wrap, pad_around


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
    if draw.offset is not None and any(draw.wrap):
        images = _by_item(_roll, images, draw)
    images = downscale(images, draw.scale_level, draw.scale_offset, crop=draw.fast, wrap=draw.wrap)
    images = _by_item(_shift_and_flip, images, draw)
    if draw.transpose:
        images = images.transpose(-2, -1)
    if draw.permutation is not None:
        source = torch.tensor(draw.permutation, device=images.device)
        images = images.gather(1, source[:, :, None, None].expand_as(images))
    if draw.gain is not None:
        images = images * draw.gain.to(images)[:, :, None, None]
    return images


def downscale(
    images: Tensor,
    level: int,
    phase: tuple[int, int],
    *,
    crop: bool = False,
    wrap: Wrap = NO_WRAP,
) -> Tensor:
    """Average boxes of level x level pixels whose grid is shifted by ``phase`` (y, x).

    Images (..., H, W), phases in 0..level-1. Padding by reflection makes every pixel count:
    a side of n pixels becomes one of (n + 2 (level - 1)) // level. With ``crop`` incomplete
    boxes are left out instead: (n - level + 1) // level. On an axis that wraps, the image is
    continued by itself to the next whole box, and its phase is that of the roll before.

    Raises
    ------
    InputError
        The images are too small to be padded.
    """
    if level == 1:
        return images
    if any(wrap):
        images = _whole_boxes(images, level, wrap)
        phase = (0 if wrap[0] else phase[0], 0 if wrap[1] else phase[1])
    sides = image_size(images)
    slack = [0 if wrapped else level - 1 for wrapped in wrap]
    if crop:
        kept = [(sides[i] - slack[i]) // level * level for i in (0, 1)]
        images = images[..., phase[0] : phase[0] + kept[0], phase[1] : phase[1] + kept[1]]
    else:
        padded = [(sides[i] + 2 * slack[i]) // level * level for i in (0, 1)]
        after = [padded[i] - sides[i] - phase[i] for i in (0, 1)]
        images = _reflect_pad(images, phase, (after[0], after[1]))
    return F.avg_pool2d(images, level)


def _by_item(
    change: Callable[[Tensor, EnsembleDraw, int], Tensor], images: Tensor, draw: EnsembleDraw
) -> Tensor:
    """Change all images by the one draw, or each by its own."""
    if draw.batch == 1:
        return change(images, draw, 0)
    return torch.cat([change(images[i : i + 1], draw, i) for i in range(draw.batch)])


def _roll(images: Tensor, draw: EnsembleDraw, item: int) -> Tensor:
    assert draw.offset is not None
    y, x = draw.offset[item]
    return images.roll((y * draw.wrap[0], x * draw.wrap[1]), (-2, -1))


def _whole_boxes(images: Tensor, level: int, wrap: Wrap) -> Tensor:
    sides = image_size(images)
    more = [-side % level if wrapped else 0 for side, wrapped in zip(sides, wrap, strict=True)]
    if any(add > side for add, side in zip(more, sides, strict=True)):
        raise _too_small(sides, max(more))
    return pad_around(images, (0, 0), (more[0], more[1]))


def _shift_and_flip(images: Tensor, draw: EnsembleDraw, item: int) -> Tensor:
    if draw.offset is not None:
        offset, span = draw.offset[item], draw.offset_max
        (y, below), (x, right) = (
            (0, 0) if wrapped else (by, span - by)
            for by, wrapped in zip(offset, draw.wrap, strict=True)
        )
        if draw.fast:
            height, width = image_size(images)
            images = images[..., y : height - below, x : width - right]
        else:
            images = _reflect_pad(images, (below, right), (y, x))
    if draw.flip is not None and (axes := FLIPS[draw.flip[item]]):
        images = images.flip(axes)
    return images


def _reflect_pad(images: Tensor, before: tuple[int, int], after: tuple[int, int]) -> Tensor:
    height, width = image_size(images)
    if max(before[0], after[0]) >= height or max(before[1], after[1]) >= width:
        raise _too_small((height, width), max(*before, *after))
    return F.pad(images, (before[1], after[1], before[0], after[0]), mode="reflect")


def _too_small(size: tuple[int, int], by: int) -> InputError:
    return InputError(
        f"images of {size[1]} x {size[0]} px at this scale are too small to be padded by "
        f"{by} px; use larger images or fewer scale_levels"
    )
