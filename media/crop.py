"""Sizes of pictures: scaled by their short side, cut to their middle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch.nn.functional as F
from torch import Tensor

from .alpha import within_alpha

Crop = Literal["none", "center", "square"]
"""Keep all of a picture, the middle that is in all pictures, or its largest middle square."""


def resize_short_side(image: Tensor, size: int) -> Tensor:
    """Scale (C, H, W) so that the shorter side is `size`, by antialiased bicubic filtering."""
    height, width = image.shape[1:]
    short = min(height, width)
    if short == size:
        return image
    shape = [max(1, round(side * size / short)) for side in (height, width)]
    scaled = F.interpolate(image[None], shape, mode="bicubic", antialias=True)
    # Bicubic filters overshoot at edges.
    return within_alpha(scaled[0])


def center_crop(image: Tensor, height: int, width: int) -> Tensor:
    """Crop the middle `height` x `width` of (..., H, W)."""
    top = (image.shape[-2] - height) // 2
    left = (image.shape[-1] - width) // 2
    return image[..., top : top + height, left : left + width]


def crop_images(images: Sequence[Tensor], crop: Crop) -> list[Tensor]:
    """Crop pictures (3, H, W), each of its own size, as `crop` says (see `Crop`)."""
    sides = [(image.shape[1], image.shape[2]) for image in images]
    if crop == "square":
        return [center_crop(image, min(s), min(s)) for image, s in zip(images, sides, strict=True)]
    if crop == "center":
        height, width = (min(side) for side in zip(*sides, strict=True))
        return [center_crop(image, height, width) for image in images]
    return list(images)
