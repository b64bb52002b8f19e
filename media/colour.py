"""What an image file holds, and its conversion to upright sRGB on white."""

from __future__ import annotations

import io
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms

from ..metrics.errors import InputError
from .profile import ColourSpace, read_profile

Floats = npt.NDArray[np.float32]

Alpha = Literal["auto", "white", "ignore", "keep"]
"""Composite on white, take colours as stored, or "auto": composite unless nearly opaque.

"keep" makes pictures of four channels, colours multiplied by alpha."""

# The E-LPIPS authors' own example image carries noise down to 0.76 in its alpha channel,
# and their published distances are those of its stored colours.
_NEARLY_OPAQUE = 0.75

BAD_SAMPLES = "found {} samples; expected 8 or 16 bit integers, or floats in [0, 1]"


@dataclass(frozen=True)
class Raster:
    """An image as its file holds it.

    Attributes
    ----------
    colour
        (H, W, C) in [0, 1]: grey (C = 1), RGB (3) or CMYK (4), not multiplied by alpha.
    alpha
        (H, W, 1) in [0, 1], or None where the file has no transparency.
    profile
        ICC profile of `colour`, or None.
    space
        What the file states of its colours in another way, where it has no profile.
    orientation
        EXIF orientation, 1 to 8; anything else is taken as 1.
    deep
        Whether `colour` holds more than 8 bits per channel.
    time, duration
        Seconds since the start at which a frame is shown, and for how long, where the file
        says so.
    notices
        What was lost on the way here, one line each.
    """

    colour: Floats
    alpha: Floats | None = None
    profile: bytes | None = None
    space: ColourSpace | None = None
    orientation: int = 1
    deep: bool = False
    time: Fraction | None = None
    duration: Fraction | None = None
    notices: tuple[str, ...] = ()


def check_size(width: int, height: int) -> None:
    """Refuse no pixels, and what Pillow by its own limit takes for a decompression bomb."""
    limit = Image.MAX_IMAGE_PIXELS
    if width < 1 or height < 1:
        raise InputError(f"{width} x {height} pixels; expected at least 1 x 1")
    if limit is not None and width * height > limit:
        raise InputError(f"{width} x {height} is too large; expected at most {limit} pixels")


def from_integers(samples: npt.NDArray[Any], top: int) -> Floats:
    """Map integers in [0, `top`] to floats in [0, 1]."""
    return np.divide(samples, top, dtype=np.float32)


def from_floats(samples: npt.NDArray[Any]) -> Floats:
    """Check that samples are finite and in [0, 1], else raise `InputError`."""
    samples = samples.astype(np.float32)
    if not np.isfinite(samples).all():
        raise InputError("some samples are NaN or infinite; expected floats in [0, 1]")
    low, high = samples.min(), samples.max()
    if low < 0 or high > 1:
        raise InputError(f"float samples span [{low:.6g}, {high:.6g}]; expected [0, 1]")
    return samples


def finish(raster: Raster, alpha: Alpha = "auto") -> tuple[Floats, list[str]]:
    """Convert to sRGB, composite on white (see `Alpha`) and turn upright.

    Returns
    -------
    image
        (H, W, 3) in [0, 1]; of "keep" (H, W, 4), premultiplied.
    notices
        One line for each thing that changed or left out colours.
    """
    notices = list(raster.notices)
    colour, notice = _to_srgb(raster)
    if notice:
        notices.append(notice)
    image = np.broadcast_to(colour, (*colour.shape[:2], 3))
    if alpha == "keep":
        own = np.ones_like(image[..., :1]) if raster.alpha is None else raster.alpha
        image = np.concatenate([image * own, own], axis=2)
    elif raster.alpha is not None and (raster.alpha < 1).any():
        least = float(raster.alpha.min())
        if alpha == "white" or (alpha == "auto" and least < _NEARLY_OPAQUE):
            image = image * raster.alpha + (1 - raster.alpha)
            done, other, does = "was composited on white", "ignore", "leaves it out"
        else:
            done, other, does = f"(alpha >= {least:.2f}) was ignored", "white", "composites it"
        # What was asked for is no news.
        if alpha == "auto":
            notices.append(f"transparency {done} (alpha='{other}', or --alpha {other}, {does})")
    return np.array(upright(image, raster.orientation), order="C"), notices


def _to_srgb(raster: Raster) -> tuple[Floats, str]:
    """Colours in sRGB (grey stays grey where it has no profile), and a notice or ''."""
    mode = {1: "L", 3: "RGB", 4: "CMYK"}[raster.colour.shape[2]]
    notice = ""
    if raster.profile:
        try:
            return _convert(raster.colour, mode, raster.profile, deep=raster.deep)
        except (ImageCms.PyCMSError, OSError, ValueError):
            notice = "its colour profile cannot be used and was ignored"
    if raster.space is not None and mode != "CMYK":
        if raster.space.is_srgb(raster.colour.shape[2]):
            return raster.colour, ""
        name = raster.space.name
        told = f"converted from {name} to sRGB" if name else ""
        return raster.space.to_srgb(raster.colour), told
    if mode != "CMYK":
        return raster.colour, notice
    pixels = np.asarray(_to_pillow(raster.colour, mode).convert("RGB"))
    return from_integers(pixels, 255), "CMYK without a colour profile; colours are approximate"


def _convert(colour: Floats, mode: str, profile: bytes, *, deep: bool) -> tuple[Floats, str]:
    """Convert colours of an ICC profile to sRGB, if they are not in it."""
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    name = " ".join(ImageCms.getProfileDescription(source).split()) or "unnamed"
    notice = f"converted from the colour profile '{name}' to sRGB"
    space = None if mode == "CMYK" else read_profile(profile, name)
    if space is not None:
        if len(space.curves) == 1 and mode == "RGB":
            raise ValueError("a profile for grey")
        return (colour, "") if space.is_srgb(colour.shape[2]) else (space.to_srgb(colour), notice)
    # A profile that is for RGB serves grey with three equal channels.
    if mode == "L" and profile[16:20] == b"RGB ":
        mode, colour = "RGB", np.repeat(colour, 3, axis=2)
    converted = ImageCms.profileToProfile(
        _to_pillow(colour, mode),
        source,
        ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode="RGB",
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    depth = " at 8 bits per channel" if deep else ""
    return from_integers(np.asarray(converted), 255), notice + depth


def _to_pillow(colour: Floats, mode: str) -> Image.Image:
    height, width = colour.shape[:2]
    return Image.frombytes(mode, (width, height), np.rint(colour * 255).astype(np.uint8).tobytes())


def upright(image: Floats, orientation: int) -> Floats:
    """Undo the EXIF orientation of (H, W, C)."""
    if orientation in (5, 6, 7, 8):
        image = image.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    return image
