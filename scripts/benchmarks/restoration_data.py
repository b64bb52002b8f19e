"""Images of the restoration experiment: which ones, cut to crops, and made worse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from ...media.crop import resize_short_side
from ...media.samples import read_sample, read_squares
from ...metrics import InputError

Task = Literal["superres2x", "denoise"]
"""What is to be undone: halving of both sides, or Gaussian noise."""

TRAIN = ("brick", "camera", "coffee", "grass", "hubble", "motorcycle_left", "retina")
TEST = ("astronaut", "chelsea", "hopper", "gravel", "rocket", "tissue")
"""Samples that networks learn from, and others that they are judged on."""


def degrade(images: Tensor, task: Task, noise: float, generator: torch.Generator) -> Tensor:
    """Return images (N, 3, H, W) in [0, 1] made worse, of the same size, in [0, 1].

    For ``"superres2x"`` by antialiased bicubic halving and bicubic enlargement; sides must
    be even. For ``"denoise"`` by Gaussian noise of standard deviation ``noise``, clipped to
    the range.
    """
    if task == "denoise":
        return (images + noise * torch.randn(images.shape, generator=generator)).clamp(0, 1)
    height, width = images.shape[-2:]
    half = F.interpolate(images, (height // 2, width // 2), mode="bicubic", antialias=True)
    # Of a file in between, there would be nothing outside the range.
    return F.interpolate(half.clamp(0, 1), (height, width), mode="bicubic").clamp(0, 1)


def random_crops(
    images: Sequence[Tensor], count: int, size: int, generator: torch.Generator
) -> Tensor:
    """Return (count, 3, size, size): random squares of random images, turned and mirrored.

    Raises
    ------
    InputError
        An image (3, H, W) is smaller than ``size``.
    """

    def draw(below: int) -> int:
        return int(torch.randint(below, (), generator=generator))

    crops = []
    for _ in range(count):
        image = images[draw(len(images))]
        height, width = image.shape[1:]
        if min(height, width) < size:
            raise InputError(f"image of {width} x {height} px: expected at least {size} x {size}")
        top, left = draw(height - size + 1), draw(width - size + 1)
        square = image[:, top : top + size, left : left + size].rot90(draw(4), (1, 2))
        crops.append(square.flip(2) if draw(2) else square)
    return torch.stack(crops)


def training_images(short_sides: Sequence[int]) -> list[Tensor]:
    """Return the training samples (3, H, W) in [0, 1], each with every one of the short sides."""
    samples = [read_sample(name) for name in TRAIN]
    return [resize_short_side(image, side) for image in samples for side in short_sides]


def held_out_images(size: int) -> Tensor:
    """Return the held-out samples (N, 3, size, size) in [0, 1]."""
    return read_squares(TEST, size)
