"""Images in and out: files to tensors (3, H, W) in [0, 1], and back."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from metrics.errors import InputError
from scripts.decode import decode
from scripts.raster import Alpha

Crop = Literal["none", "center", "square"]
Notices = Callable[[str], None]

_SUFFIXES = {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp"}


def print_notice(text: str) -> None:
    """Print a notice for the user, on standard error."""
    print(text, file=sys.stderr)


def load_image(
    path: str | os.PathLike[str], *, alpha: Alpha = "auto", notices: Notices = print_notice
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


def load_images(
    paths: Sequence[str | os.PathLike[str]],
    *,
    size: int | None = None,
    crop: Crop | None = None,
    alpha: Alpha = "auto",
    min_side: int = 16,
    notices: Notices = print_notice,
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
        What to do with transparency, see `load_image`.
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
        In one line: a file cannot be read (see `load_image`), sizes differ, or an image is
        too small.
    """
    if not paths:
        raise InputError("no images given; expected at least one")
    if size is not None and size < min_side:
        raise InputError(f"--size {size} is too small; expected at least {min_side}")
    images = [load_image(path, alpha=alpha, notices=notices) for path in paths]
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


def save_png(path: str | os.PathLike[str], image: Tensor) -> None:
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


@contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path beside `path` that replaces it if the block succeeds.

    The temporary name ends like `path`, for writers that go by the ending.

    Raises
    ------
    InputError
        In one line: the file cannot be written (no such folder, disk full).
    """
    path = Path(path)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror or error})") from error
    finally:
        # Best effort: it may not exist, and its folder may be out of reach.
        try:
            temporary.unlink()
        except OSError:
            pass


def prepare_outdir(path: str | os.PathLike[str]) -> Path:
    """Make a folder, parents included, and check that files can be written in it.

    Raises
    ------
    InputError
        In one line: why not.
    """
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"\0")
    except FileExistsError:
        raise InputError(f"{folder}: is a file; expected a folder to write to") from None
    except OSError as error:
        raise InputError(
            f"{folder}: cannot be written to ({error.strerror or error}); name another --outdir"
        ) from error
    return folder
