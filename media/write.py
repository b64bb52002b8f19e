"""Images out: tensors (3, H, W) in [0, 1] to files."""

from __future__ import annotations

import os

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor

from ..metrics.files import atomic_write


def to_uint8(image: Tensor) -> npt.NDArray[np.uint8]:
    """Round (..., 3, H, W) in [0, 1] to (..., H, W, 3) in 0 to 255; clips what lies outside.

    Raises
    ------
    ValueError
        A value is NaN or infinite.
    """
    pixels = image.detach().to("cpu", torch.float32).movedim(-3, -1)
    if not torch.isfinite(pixels).all():
        raise ValueError("the image holds NaN or infinite values")
    return (pixels.clamp(0, 1) * 255).round().to(torch.uint8).numpy()


def save_image(path: str | os.PathLike[str], image: Tensor) -> None:
    """Write (3, H, W) in [0, 1] as an 8-bit RGB PNG, whole or not at all.

    Raises
    ------
    ValueError
        The image has another shape, or a value is NaN or infinite.
    InputError
        The file cannot be written.
    """
    if image.ndim != 3 or image.shape[0] != 3:
        raise ValueError(f"expected an image (3, H, W), found {tuple(image.shape)}")
    pixels = to_uint8(image)
    with atomic_write(path) as temporary:
        Image.fromarray(pixels).save(temporary, format="PNG")
