"""Images in and out: files to tensors (3, H, W) in [0, 1], and back."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from ..metrics.errors import InputError
from .colour import Alpha
from .decode import decode

logger = logging.getLogger("elpips")

Crop = Literal["none", "center", "square"]
Notices = Callable[[str], None]

_SUFFIXES = {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp"}


def read_image(
    path: str | os.PathLike[str], *, alpha: Alpha = "auto", notices: Notices = logger.warning
) -> Tensor:
    """Read an image file as sRGB, upright, on white.

    Grey, palette, CMYK, transparent, 16-bit and float files, EXIF orientations and ICC
    profiles are all understood; of an animation, the first frame is read.

    Parameters
    ----------
    path
        The file.
    alpha
        Transparency: "white" composites it on white, "ignore" takes colours as they are
        stored, "auto" ignores it if no pixel is more than a quarter transparent.
    notices
        Called with a line for the user for each thing that was not simply read.

    Returns
    -------
    Tensor
        (3, H, W), float32 in [0, 1].

    Raises
    ------
    InputError
        In one line, with the file's name: it is missing, no image, damaged or too large, or
        it holds samples that are no colours (NaN, floats outside [0, 1]).
    """
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; expected an image") from None
    except IsADirectoryError:
        raise InputError(f"{path}: is a folder; expected an image file") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{path}: cannot be read ({reason})") from None
    try:
        image, messages = decode(data, alpha)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error.__cause__
    for message in messages:
        notices(f"{path}: {message}")
    return torch.from_numpy(image).permute(2, 0, 1).contiguous()


def read_images(
    paths: Sequence[str | os.PathLike[str]],
    *,
    size: int | None = None,
    crop: Crop | None = None,
    alpha: Alpha = "auto",
    min_side: int = 16,
    notices: Notices = logger.warning,
) -> Tensor:
    """Read image files into one batch.

    Parameters
    ----------
    paths
        The files, at least one.
    size
        Scale each image so that its shorter side has this many pixels; None keeps its size.
    crop
        After scaling, keep the middle of each image: "square" its largest square, "center"
        the smallest height and width among the images, "none" all of it. None is "square"
        with `size`, else "none".
    alpha
        What to do with transparency, see `read_image`.
    min_side
        Least height and width of the result in pixels.
    notices
        Called with a line for the user for each thing that was not simply read.

    Returns
    -------
    Tensor
        (N, 3, H, W), float32 in [0, 1].

    Raises
    ------
    InputError
        In one line: a file cannot be read (see `read_image`), sizes differ, or an image is
        too small.
    """
    if not paths:
        raise InputError("no images given; expected at least one")
    if size is not None and size < min_side:
        raise InputError(f"--size {size} is too small; expected at least {min_side}")
    images = [read_image(path, alpha=alpha, notices=notices) for path in paths]
    if size is not None:
        for path, image in zip(paths, images, strict=True):
            if min(image.shape[1:]) < size:
                notices(f"{path}: {_describe(image)} pixels, enlarged to a short side of {size}")
        images = [resize_short_side(image, size) for image in images]
    images = _crop(images, crop or ("none" if size is None else "square"))
    for path, image in zip(paths, images, strict=True):
        if min(image.shape[1:]) < min_side:
            raise InputError(
                f"{path}: {_describe(image)} pixels; expected at least {min_side} x {min_side}"
                " (--size enlarges)"
            )
        if image.shape != images[0].shape:
            raise InputError(
                f"{paths[0]} has {_describe(images[0])} pixels and {path} {_describe(image)};"
                " expected one size (--size N scales and crops to N x N, --crop center crops)"
            )
    return torch.stack(images)


def list_images(folder: Path) -> list[Path]:
    """Return the image files of a folder, by their suffixes, in the order of their names.

    Raises
    ------
    InputError
        There is no such folder, or no image in it.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; expected a folder of images")
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES)
    if not paths:
        raise InputError(f"{folder}: holds no photographs ({', '.join(sorted(_SUFFIXES))})")
    return paths


def _crop(images: list[Tensor], crop: Crop) -> list[Tensor]:
    sides = [(image.shape[1], image.shape[2]) for image in images]
    if crop == "square":
        return [center_crop(image, min(s), min(s)) for image, s in zip(images, sides, strict=True)]
    if crop == "center":
        height, width = (min(side) for side in zip(*sides, strict=True))
        return [center_crop(image, height, width) for image in images]
    return images


def resize_short_side(image: Tensor, size: int) -> Tensor:
    """Scale (3, H, W) so that the shorter side is `size`, by antialiased bicubic filtering."""
    height, width = image.shape[1:]
    short = min(height, width)
    if short == size:
        return image
    shape = [max(1, round(side * size / short)) for side in (height, width)]
    scaled = F.interpolate(image[None], shape, mode="bicubic", antialias=True)
    # Bicubic filters overshoot at edges.
    return scaled[0].clamp(0, 1)


def center_crop(image: Tensor, height: int, width: int) -> Tensor:
    """Crop the middle `height` x `width` of (..., H, W)."""
    top = (image.shape[-2] - height) // 2
    left = (image.shape[-1] - width) // 2
    return image[..., top : top + height, left : left + width]


def _describe(image: Tensor) -> str:
    return f"{image.shape[-1]} x {image.shape[-2]}"
