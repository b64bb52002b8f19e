"""TIFF images of 16-bit or float samples, which Pillow reads at 8 bits or not at all."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import tifffile

from ..metrics.errors import InputError
from .colour import BAD_SAMPLES, Raster, check_size, from_floats, from_integers
from .profile import ColourSpace
from .stated import by_tags

_SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_ORIENTATION, _PROFILE = 274, 34675
_WHITE_IS_ZERO, _RGB = 0, 2
_PREMULTIPLIED, _STRAIGHT = 1, 2
# What tifffile decodes by itself (none, PackBits, deflate under both its numbers); the
# rest needs a package that not everyone has, and results shall not depend on that.
_COMPRESSIONS = (1, 8, 32773, 32946)
_PREDICTORS = (1, 2)
# Colours, alpha, and what scanners and painting programs add.
_MOST_SAMPLES = 8

# What tifffile logs of a damaged file is no more than its error says.
logging.getLogger("tifffile").addHandler(logging.NullHandler())


def is_tiff(data: bytes) -> bool:
    """Whether a file begins as TIFF and BigTIFF files do."""
    return data.startswith(_SIGNATURES)


def whole_pages(tiff: tifffile.TiffFile) -> list[int]:
    """Return the indices of a file's pages without its reduced copies of others."""
    if len(tiff.pages) == 1:
        return [0]
    pages = [tiff.pages.get(index).aspage() for index in range(len(tiff.pages))]
    whole = [index for index, page in enumerate(pages) if not page.is_reduced]
    return whole or list(range(len(pages)))


def read_page(page: tifffile.TiffPage) -> tuple[Raster | None, str]:
    """Read a page of a TIFF file whose samples have more than 8 bits.

    Returns
    -------
    raster
        None for what is left to Pillow: 8-bit samples, compressions, colour spaces.
    notice
        What Pillow will lose, or ''.

    Raises
    ------
    InputError
        The image is too large or damaged, or its samples are no colours in [0, 1].
    """
    check_size(page.imagewidth, page.imagelength)
    depth = page.dtype
    if depth is None or depth.kind == "b" or depth == np.uint8:
        return None, ""
    if depth != np.uint16 and depth.kind != "f":
        raise InputError(BAD_SAMPLES.format(depth))
    if page.photometric > _RGB or page.axes not in ("YX", "YXS", "SYX"):
        return None, ""
    if page.compression not in _COMPRESSIONS or page.predictor not in _PREDICTORS:
        return None, _loss(page)
    if page.samplesperpixel > _MOST_SAMPLES:
        raise InputError(f"found {page.samplesperpixel} samples a pixel; expected 1 to 4")
    if page.is_tiled:
        check_size(page.tilewidth, page.tilelength)
    return _to_raster(page), ""


def _loss(page: tifffile.TiffPage) -> str:
    """Say what Pillow loses of a compressed page: of a grey one nothing, of RGB much."""
    if page.samplesperpixel == 1:
        return ""
    compression = getattr(page.compression, "name", page.compression)
    advice = f"has {page.dtype} RGB samples with {compression} compression"
    if page.dtype != np.uint16:
        raise InputError(f"{advice}; expected no compression or deflate without predictor")
    return f"{advice}, read at 8 bits; uncompressed or deflate files keep all"


def _space(page: tifffile.TiffPage) -> ColourSpace | None:
    """Return what the page's tags of colorimetry say."""
    rationals = (318, 319)

    def value(code: int) -> Any:
        tag = page.tags.get(code)
        if tag is None or code not in rationals:
            return None if tag is None else tag.value
        pairs = zip(tag.value[::2], tag.value[1::2], strict=True)
        return [numerator / denominator for numerator, denominator in pairs]

    try:
        return by_tags(value)[0]
    except (ValueError, TypeError, ZeroDivisionError, IndexError, np.linalg.LinAlgError):
        return None


def _to_raster(page: tifffile.TiffPage) -> Raster:
    # tifffile would fill the gaps with zeros.
    if not page.dataoffsets or 0 in page.dataoffsets or 0 in page.databytecounts:
        raise InputError("the image is damaged (some of its pixels are missing)")
    samples = page.asarray()
    samples = np.moveaxis(samples, 0, 2) if page.axes == "SYX" else np.atleast_3d(samples)
    pixels = from_integers(samples, 65535) if page.dtype == np.uint16 else from_floats(samples)
    channels = 3 if page.photometric == _RGB else 1
    colour, alpha = pixels[..., :channels], None
    if page.photometric == _WHITE_IS_ZERO:
        colour = 1 - colour
    kind = page.extrasamples[0] if page.extrasamples else None
    if kind in (_PREMULTIPLIED, _STRAIGHT):
        alpha = pixels[..., channels : channels + 1]
    if alpha is not None and kind == _PREMULTIPLIED:
        colour = np.minimum(colour / np.maximum(alpha, np.float32(1e-6)), np.float32(1))
    orientation, profile = page.tags.get(_ORIENTATION), page.tags.get(_PROFILE)
    return Raster(
        colour,
        alpha,
        profile=bytes(profile.value) if profile else None,
        space=None if profile else _space(page),
        orientation=orientation.value if orientation else 1,
        deep=True,
    )
