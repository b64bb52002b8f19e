"""Images in: files to tensors (3, H, W) in [0, 1], or (4, H, W) with transparency."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence

import torch
from torch import Tensor

from ..metrics.errors import InputError
from .colour import Alpha, check_size
from .crop import Crop, center_crop, crop_images, resize_short_side
from .decode import decode
from .source import read_source

_logger = logging.getLogger("elpips")


def read_image(path: str | os.PathLike[str], *, alpha: Alpha = "auto") -> Tensor:
    """Read an image file as sRGB, upright, on white or with its transparency.

    Grey, palette, CMYK, transparent, 16-bit and float files, EXIF orientations and ICC
    profiles are all understood; of an animation, the first frame is read. What was not simply
    read is told as a warning of the logger "elpips", with the file's name.

    Parameters
    ----------
    path
        The file.
    alpha
        Transparency: "white" composites it on white, "ignore" takes colours as they are
        stored, "auto" ignores it if no pixel is more than a quarter transparent. "keep" makes
        any picture one of RGBA, with colours multiplied by alpha: those of transparent pixels
        are none.

    Returns
    -------
    Tensor
        (3, H, W), float32 in [0, 1]; of "keep" (4, H, W).

    Raises
    ------
    InputError
        In one line, with the file's name: it is missing, no image, damaged or too large, or
        it holds samples that are no colours (NaN, floats outside [0, 1]).
    """
    data = read_source(path)
    try:
        image, messages = decode(data, alpha)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error.__cause__
    for message in messages:
        _logger.warning("%s: %s", path, message)
    return torch.from_numpy(image).permute(2, 0, 1).contiguous()


def read_images(
    paths: Sequence[str | os.PathLike[str]],
    *,
    size: int | None = None,
    crop: Crop | None = None,
    alpha: Alpha = "auto",
    min_side: int = 16,
) -> Tensor:
    """Read image files into one batch, with warnings as of `read_image`.

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

    Returns
    -------
    Tensor
        (N, 3, H, W), float32 in [0, 1]; of alpha "keep" (N, 4, H, W).

    Raises
    ------
    InputError
        In one line: a file cannot be read (see `read_image`), sizes differ, or an image is
        too small.
    """
    if not paths:
        raise InputError("no images given; expected at least one")
    check_short_side(size, min_side)
    names = [str(path) for path in paths]
    images = [
        scaled(read_image(path, alpha=alpha), size, name)
        for path, name in zip(paths, names, strict=True)
    ]
    return batch(images, names, size, crop, min_side)


def read_mask(
    path: str | os.PathLike[str],
    images: Tensor,
    *,
    size: int | None = None,
    crop: Crop | None = None,
) -> Tensor:
    """Read an image file as a mask for images: white 1, black 0, of colours their mean.

    Parameters
    ----------
    path
        The file.
    images
        The images (..., H, W) it is for, as `read_images` read them.
    size, crop
        How they were read: the mask is scaled and cut likewise.

    Returns
    -------
    Tensor
        (H, W), float32 in [0, 1], on the images' device.

    Raises
    ------
    InputError
        In one line: the file cannot be read, or is of another size than the images' were.
    """
    mask = scaled(read_image(path), size, str(path))
    height, width = images.shape[-2:]
    if crop == "center":
        mask = center_crop(mask, min(height, mask.shape[1]), min(width, mask.shape[2]))
    (mask,) = crop_images([mask], crop or ("none" if size is None else "square"))
    if mask.shape[1:] != images.shape[-2:]:
        raise InputError(
            f"{path}: {_describe(mask)} pixels; expected {_describe(images)} of a mask, as the"
            " images are"
        )
    return mask.mean(0).to(images.device)


def check_short_side(size: int | None, min_side: int = 16) -> None:
    """Check the size that images are scaled to, before they are read."""
    if size is not None and size < min_side:
        raise InputError(f"size {size} is too small; expected at least {min_side}")
    if size is not None:
        check_size(size, size)


def scaled(image: Tensor, size: int | None, name: str) -> Tensor:
    """Scale (C, H, W) so that its shorter side is ``size``; tell where that enlarges it.

    Raises
    ------
    InputError
        It would have more pixels than an image may have.
    """
    if size is None:
        return image
    short, long = min(image.shape[1:]), max(image.shape[1:])
    try:
        check_size(round(long * size / short), size)
    except InputError as error:
        raise InputError(f"{name}: {_describe(image)} pixels, scaled to {error}") from None
    if short < size:
        sizes = f"{_describe(image)} pixels, enlarged to a short side of {size}"
        _logger.warning("%s: %s", name, sizes)
    return resize_short_side(image, size)


def batch(
    images: Sequence[Tensor],
    names: Sequence[str],
    size: int | None,
    crop: Crop | None,
    min_side: int = 16,
) -> Tensor:
    """Crop images that were `scaled` and put them into one batch, see `read_images`."""
    images = crop_images(images, crop or ("none" if size is None else "square"))
    for name, image in zip(names, images, strict=True):
        if min(image.shape[1:]) < min_side:
            raise InputError(
                f"{name}: {_describe(image)} pixels; expected at least {min_side} x {min_side}"
                " (size=N, or --size N, enlarges)"
            )
        if image.shape != images[0].shape:
            raise InputError(
                f"{names[0]} has {_describe(images[0])} pixels and {name} {_describe(image)};"
                " expected one size (size=N, or --size N, scales and crops to N x N;"
                " crop='center', or --crop center, crops)"
            )
    return torch.stack(list(images))


def _describe(image: Tensor) -> str:
    return f"{image.shape[-1]} x {image.shape[-2]}"
