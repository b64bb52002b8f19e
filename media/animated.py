"""Animated PNG and WebP files, which keep all colours exactly and are tagged as sRGB."""

from __future__ import annotations

import os
import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from ..metrics.files import atomic_write
from .record import Shown, describe
from .write import Pixels

_DESCRIPTION = 0x010E


def srgb_profile() -> bytes:
    """Return an ICC profile of sRGB, the same at all times."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # Its date would be the hour at which it is made.
    return profile[:24] + struct.pack(">6H", 2000, 1, 1, 0, 0, 0) + profile[36:]


def write_animated(path: str | os.PathLike[str], pixels: Pixels, shown: Shown) -> None:
    """Write an animated PNG (``.apng``) or a lossless WebP that loops for ever.

    Parameters
    ----------
    path
        The file.
    pixels
        (N, H, W, 3) in 0 to 255.
    shown
        Indices of frames in the order shown, each with its milliseconds. Both formats count
        whole ones; what is rounded does not add up.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    times = _whole(shown)
    indices = [index for index, _ in shown]
    comment = describe(list(zip(indices, map(Fraction, times), strict=True)))
    options: dict[str, Any] = {"loop": 0, "duration": times, "icc_profile": srgb_profile()}
    if Path(path).suffix.lower() == ".webp":
        exif = Image.Exif()
        exif[_DESCRIPTION] = comment
        options |= {"format": "WEBP", "lossless": True, "exif": exif, "minimize_size": False}
    else:
        text = PngInfo()
        text.add_text("Comment", comment)
        options |= {"format": "PNG", "pnginfo": text}
    images = [Image.fromarray(pixels[index]) for index in indices]
    with atomic_write(path) as temporary:
        images[0].save(temporary, save_all=True, append_images=images[1:], **options)


def _whole(shown: Shown) -> list[int]:
    """Return whole milliseconds, the sums of which are as near as can be to those given."""
    found: list[int] = []
    at = Fraction(0)
    for _, time in shown:
        at += time
        found.append(max(1, round(at) - sum(found)))
    return found
