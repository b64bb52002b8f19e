"""What solvers can take: images, in a type that has room for small steps."""

from __future__ import annotations

import torch
from torch import Tensor

from ..metrics import InputError, check_image, check_images


def check_inputs(images: Tensor, name: str = "images", channels: int = 3) -> None:
    """Raise `InputError` unless images (N, C, H, W) are as `check_images` says, and precise."""
    check_images(images, name, channels)
    _check_precision(images, name)


def check_input(image: Tensor, name: str, channels: int = 3) -> None:
    """Raise `InputError` unless an image (C, H, W) is as `check_image` says, and precise."""
    check_image(image, name, channels)
    _check_precision(image, name)


def _check_precision(images: Tensor, name: str) -> None:
    if images.dtype not in (torch.float32, torch.float64):
        raise InputError(f"{name}: found {images.dtype}, expected torch.float32 or torch.float64")
