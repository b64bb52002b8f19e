"""HEIC and other HEIF files, where pillow-heif is installed."""

from __future__ import annotations

import io
from collections.abc import Generator
from importlib.util import find_spec
from typing import Any

import numpy as np
from PIL import Image

from ..metrics.errors import InputError
from .colour import Raster, check_size, from_integers
from .stated import NOTHING, Stated, by_code, by_exif

AVAILABLE = find_spec("pillow_heif") is not None
"""Whether such files can be read here."""

ADVICE = "is HEIC; pip install 'elpips-geometry[heic]' lets it be read"
"""What to do where they cannot."""


def open_heif(data: bytes) -> tuple[Generator[Raster, None, None], int]:
    """Open a file for its pictures, the primary one first, and say how many there are.

    Previews, maps of depth and other pictures that belong to one are none of them. libheif turns
    them upright.

    Raises
    ------
    InputError
        pillow-heif is not installed.
    """
    if not AVAILABLE:
        raise InputError(ADVICE)
    # Imported here: it is an extra, and loads a codec.
    import pillow_heif

    file = pillow_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=False)
    first = max(0, file.primary_index)
    order = [first, *(index for index in range(len(file)) if index != first)]
    return (_raster(file[index]) for index in order), len(order)


def _raster(image: Any) -> Raster:
    check_size(*image.size)
    samples = np.asarray(image)
    samples = samples[..., None] if samples.ndim == 2 else samples
    deep = samples.dtype == np.uint16
    # The bits that there are lie at the upper end of 16.
    bits = min(int(image.info.get("bit_depth", 16)), 16) if deep else 8
    pixels = from_integers(samples, ((1 << bits) - 1) << (16 - bits) if deep else 255)
    channels = 1 if samples.shape[2] < 3 else 3
    colour, alpha = pixels[..., :channels], None
    if samples.shape[2] > channels:
        alpha = pixels[..., channels:]
        if image.premultiplied_alpha:
            colour = np.minimum(colour / np.maximum(alpha, np.float32(1e-6)), np.float32(1))
    profile = image.info.get("icc_profile")
    space, notice = (None, "") if profile else _stated(image.info)
    return Raster(
        colour,
        alpha,
        profile=profile,
        space=space,
        deep=deep,
        notices=(notice,) if notice else (),
    )


def _stated(info: dict[str, Any]) -> Stated:
    """Return what a picture states of its colours beside a profile."""
    codes = info.get("nclx_profile") or {}
    if found := codes.get("color_primaries"):
        stated = by_code(found, codes.get("transfer_characteristics", 0), "nclx")
        if stated != NOTHING:
            return stated
    exif = Image.Exif()
    exif.load(info.get("exif") or b"")
    return by_exif(exif)
