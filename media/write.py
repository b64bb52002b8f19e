"""Images out: tensors (3, H, W) in [0, 1], or (4, H, W) with transparency, to files."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor

from ..metrics.errors import InputError
from ..metrics.files import atomic_write
from ..rgba import CHANNELS, has_alpha
from .alpha import straight

Pixels = npt.NDArray[np.uint8]


def to_uint8(image: Tensor) -> Pixels:
    """Round (..., 3, H, W) in [0, 1] to (..., H, W, 3) in 0 to 255; clips what lies outside.

    Of images with transparency (..., 4, H, W) colours are `straight`, (..., H, W, 4).

    Raises
    ------
    InputError
        A value is NaN or infinite.
    """
    pixels = image.detach().to("cpu", torch.float32)
    if not torch.isfinite(pixels).all():
        raise InputError("the image holds NaN or infinite values")
    pixels = (straight(pixels) if has_alpha(pixels) else pixels).movedim(-3, -1)
    return (pixels.clamp(0, 1) * 255).round().to(torch.uint8).numpy()


def frame_pixels(frames: Tensor) -> Pixels:
    """Check frames (N, 3, H, W) in [0, 1] and round them to (N, H, W, 3) in 0 to 255.

    Those with transparency are (N, 4, H, W) and (N, H, W, 4), see `to_uint8`.

    Raises
    ------
    InputError
        In one line: no frames, another shape, NaN or infinite values.
    """
    if frames.ndim != 4 or frames.shape[1] not in (3, CHANNELS) or 0 in frames.shape:
        raise InputError(
            f"frames: found the shape {tuple(frames.shape)}, expected (N, 3, H, W) with N > 0"
        )
    try:
        return np.ascontiguousarray(to_uint8(frames))
    except InputError as error:
        raise InputError(f"frames: {error}") from None


def check_shape(image: Tensor) -> None:
    """Raise `InputError` unless an image is (3, H, W), or (4, H, W) with transparency."""
    if image.ndim != 3 or image.shape[0] not in (3, CHANNELS) or 0 in image.shape:
        raise InputError(f"expected an image (3, H, W), found {tuple(image.shape)}")


def save_image(path: str | os.PathLike[str], image: Tensor, *, grey: bool = False) -> None:
    """Write (3, H, W) in [0, 1] as an 8-bit RGB PNG, (4, H, W) as RGBA, whole or not at all.

    What is ``grey`` has three equal channels, and is written as one.

    Raises
    ------
    InputError
        In one line: the image has another shape, a value is NaN or infinite, the name ends
        like another format's, or the file cannot be written.
    """
    if Path(path).suffix.lower() != ".png":
        raise InputError(f"{path}: pictures are saved as PNG; expected a name that ends in .png")
    check_shape(image)
    pixels = to_uint8(image[:1] if grey else image)
    pixels = pixels[..., 0] if grey else pixels
    with atomic_write(path) as temporary:
        Image.fromarray(pixels).save(temporary, format="PNG")
