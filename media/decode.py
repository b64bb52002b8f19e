"""Decoding of image files into RGB floats, with what was lost on the way said aloud.

Pillow reads what has at most 8 bits per channel, and only that: it quietly reduces 16-bit
RGB to 8. Such PNG files are read by torchvision, such TIFF files by tifffile; OpenEXR is read by
FFmpeg, HEIC by pillow-heif where that is installed. Pictures, pages and the frames of animations
are all read here.
"""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import tifffile
import torch
from PIL import Image, UnidentifiedImageError

from ..metrics.errors import InputError
from .colour import (
    BAD_SAMPLES,
    Alpha,
    Floats,
    Raster,
    check_size,
    finish,
    from_floats,
    from_integers,
)
from .exr import read_exr
from .formats import KNOWN, PILLOW, kind_of
from .heif import open_heif
from .png import sound_png
from .stated import hidden_profile, stated_by
from .tiff import is_tiff, read_page, whole_pages

_ORIENTATION, _DESCRIPTION = 0x0112, 0x010E


def decode(data: bytes, alpha: Alpha = "auto") -> tuple[Floats, list[str]]:
    """Decode an image file to sRGB, upright, on white or with its transparency.

    Parameters
    ----------
    data
        Content of the file.
    alpha
        What to do with transparency.

    Returns
    -------
    image
        (H, W, 3) in [0, 1]; where transparency is kept (H, W, 4), premultiplied.
    notices
        One line for each thing that was not simply read: a profile converted, transparency
        composited, frames left out.

    Raises
    ------
    InputError
        In one line: `data` is no image, damaged, too large, or its samples are no colours.
    """
    with in_one_line():
        return finish(first_raster(data), alpha)


def first_raster(data: bytes) -> Raster:
    """Read the first picture of an image file; of others a notice says that they are left out.

    Raises
    ------
    InputError
        As of `decode`; what else decoders raise is to be caught by `in_one_line`.
    """
    opened = open_rasters(data)
    raster = next(opened.rasters)
    opened.rasters.close()
    if opened.count == 1:
        return raster
    told = f"has {opened.count} frames or pages; only the first is used"
    return replace(raster, notices=(told, *raster.notices))


@contextmanager
def in_one_line() -> Iterator[None]:
    """Turn whatever a decoder raises into an `InputError` of one line."""
    try:
        # Pillow's warnings tell of oddities that are harmless, or errors soon after.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except InputError:
        raise
    except UnidentifiedImageError:
        raise InputError(f"not an image that can be read; expected {KNOWN}") from None
    except Image.DecompressionBombError:
        limit = Image.MAX_IMAGE_PIXELS
        raise InputError(f"the image is too large; expected at most {limit} pixels") from None
    except Exception as error:
        # On damaged files the decoders raise nearly everything: OSError, SyntaxError,
        # struct.error, zlib.error, EOFError, IndexError and more.
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"the image is damaged or not supported ({reason})") from error


@dataclass(frozen=True)
class Opened:
    """An image file that is open: its pictures one by one, their number, and its comment."""

    rasters: Generator[Raster, None, None]
    count: int = 1
    comment: str = ""


def open_rasters(data: bytes) -> Opened:
    """Open an image file for its pictures: pages, frames of an animation, or the only one.

    Reduced copies of pages and the previews of phones are no pictures of their own, nor is
    what an animated PNG shows where animations are not known.
    """
    if not data:
        raise InputError(f"the file is empty; expected an image ({KNOWN})")
    kind = kind_of(data[:512])
    if kind == "OpenEXR":
        return Opened(read_exr(each) for each in (data,))
    if kind == "HEIC":
        return Opened(*open_heif(data))
    if kind not in ("picture", ""):
        kind = "a video" if kind == "video" else kind
        raise InputError(f"is {kind}, not an image that can be read; expected {KNOWN}")
    if is_tiff(data):
        tiff = tifffile.TiffFile(io.BytesIO(data))
        indices = whole_pages(tiff)
        return Opened(_tiff_pages(tiff, data, indices), len(indices))
    image = open_picture(io.BytesIO(data))
    count = 1 if image.format == "MPO" else getattr(image, "n_frames", 1)
    first = 1 if getattr(image, "default_image", False) and count > 1 else 0
    return Opened(_pictures(image, data, range(first, count)), count - first, _comment(image))


def open_picture(source: str | os.PathLike[str] | io.BytesIO) -> Image.Image:
    """Open with Pillow, if it is of a format that Pillow reads by itself."""
    Image.init()
    return Image.open(source, formats=[name for name in PILLOW if name in Image.OPEN])


def _pictures(
    image: Image.Image, data: bytes, indices: Sequence[int]
) -> Generator[Raster, None, None]:
    with image:
        at = Fraction(0)
        space, notice = stated_by(image, data)
        for index in indices:
            if index:
                image.seek(index)
            raster = _loaded(image, data)
            if raster.profile is None:
                told = (*raster.notices, notice) if notice else raster.notices
                raster = replace(raster, space=space, notices=told)
            duration = _seconds(image) if len(indices) > 1 else None
            yield replace(raster, time=None if duration is None else at, duration=duration)
            at += duration or 0


def _tiff_pages(
    tiff: tifffile.TiffFile, data: bytes, indices: Sequence[int]
) -> Generator[Raster, None, None]:
    """Yield the pages of a TIFF file: with tifffile what is deep, else with Pillow."""
    with tiff:
        left = len(tiff.pages) - len(indices)
        notices = (f"left out {left} reduced copies of its pages",) if left else ()
        image: Image.Image | None = None
        for index in indices:
            raster, loss = read_page(tiff.pages.get(index).aspage())
            if raster is None:
                image = image or open_picture(io.BytesIO(data))
                image.seek(index)
                raster = _loaded(image, data)
                if raster.profile is None:
                    raster = replace(raster, space=stated_by(image, data)[0])
            yield replace(raster, notices=(loss, *notices) if loss else notices)


def _comment(image: Image.Image) -> str:
    """Return what a GIF, PNG or WebP file says beside its pictures."""
    comment = image.info.get("comment", image.info.get("Comment", ""))
    if image.format == "WEBP":
        comment = image.getexif().get(_DESCRIPTION, "")
    return comment.decode("latin-1") if isinstance(comment, bytes) else str(comment)


def _seconds(image: Image.Image) -> Fraction | None:
    """Return the seconds for which the current frame of an animation is shown."""
    duration = image.info.get("duration")
    if not isinstance(duration, (int, float)) or not 0 <= duration < 1e9:
        return None
    return Fraction(duration).limit_denominator(1000) / 1000


def _loaded(image: Image.Image, data: bytes) -> Raster:
    """Load the current picture; ``data`` is the file's, for 16-bit PNG colours."""
    check_size(*image.size)
    image.load()
    colour, alpha = _split(image)
    # The first chunk of a PNG file is its header, which holds the depth.
    deep_png = image.format == "PNG" and data[24] == 16
    first = image.tell() == 0
    if deep_png and first:
        colour, alpha = _read_deep_png(data, image.info.get("transparency"))
    return Raster(
        colour,
        alpha,
        profile=image.info.get("icc_profile") or hidden_profile(image, data),
        # Pillow has turned a TIFF upright by now, and removed the tag.
        orientation=image.getexif().get(_ORIENTATION, 1),
        deep=deep_png or image.mode.startswith(("I", "F")),
        notices=() if first or not deep_png else ("its further frames were read at 8 bits",),
    )


def _split(image: Image.Image) -> tuple[Floats, Floats | None]:
    """Colour and alpha of a loaded image of any mode."""
    mode = image.mode
    if mode.startswith("I;16") or (mode == "I" and image.format in ("PNG", "PPM")):
        return from_integers(np.asarray(image), 65535)[..., None], None
    if mode == "I":
        raise InputError(BAD_SAMPLES.format("32-bit integer"))
    if mode == "F":
        return from_floats(np.asarray(image))[..., None], None
    if mode == "CMYK":
        return from_integers(np.asarray(image), 255), None
    channels = 1 if mode in ("1", "L", "LA", "La") else 3
    if mode in ("La", "RGBa"):
        image = image.convert("LA" if channels == 1 else "RGBA")
    if not image.has_transparency_data:
        pixels = np.asarray(image.convert("L" if channels == 1 else "RGB"))
        return from_integers(np.atleast_3d(pixels), 255), None
    pixels = from_integers(np.asarray(image.convert("RGBA")), 255)
    return pixels[..., :channels], pixels[..., 3:]


def _read_deep_png(data: bytes, key: object) -> tuple[Floats, Floats | None]:
    """Colour and alpha of a 16-bit PNG; `key` is the one colour that is transparent."""
    # Imported here: with all its models it takes longer than the rest of a short command.
    from torchvision.io import ImageReadMode, decode_image

    content = torch.frombuffer(bytearray(sound_png(data)), dtype=torch.uint8)
    samples = decode_image(content, ImageReadMode.UNCHANGED).permute(1, 2, 0).numpy()
    pixels = from_integers(samples, 65535)
    if pixels.shape[2] in (2, 4):
        return pixels[..., :-1], pixels[..., -1:]
    if key is None:
        return pixels, None
    opaque = (samples != np.asarray(key)).any(axis=2, keepdims=True)
    return pixels, opaque.astype(np.float32)
