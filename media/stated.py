"""What files state of their colours beside an ICC profile, or where Pillow does not look."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

from .profile import (
    ADOBE_PRIMARIES,
    D65,
    SRGB_PRIMARIES,
    ColourSpace,
    Pairs,
    gamma_curve,
    primaries_matrix,
    srgb_curve,
    table_curve,
)

Stated = tuple["ColourSpace | None", str]
"""The space of the colours, if it is not sRGB, and what cannot be honoured, or ''."""

NOTHING: Stated = (None, "")
"""Nothing is said, or that the colours are sRGB's."""

_EXIF, _INTEROPERABILITY, _COLOUR_SPACE = 0x8769, 0xA005, 0xA001
_WHITE, _PRIMARIES, _TRANSFER = 318, 319, 301
_ADOBE, _UNCALIBRATED = 2, 0xFFFF
# Code points of ITU-T H.273, as in PNG's cICP, AVIF and videos.
_P3: Pairs = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
_BY_CODE: dict[int, tuple[str, Pairs, tuple[float, float]]] = {
    4: ("BT.470 M", ((0.67, 0.33), (0.21, 0.71), (0.14, 0.08)), (0.310, 0.316)),
    5: ("BT.601 (625)", ((0.64, 0.33), (0.29, 0.60), (0.15, 0.06)), D65),
    6: ("BT.601 (525)", ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070)), D65),
    7: ("SMPTE 240M", ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070)), D65),
    9: ("BT.2020", ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)), D65),
    11: ("DCI-P3", _P3, (0.314, 0.351)),
    12: ("Display P3", _P3, D65),
}
_EXPONENTS = {4: 2.2, 5: 2.8, 8: 1.0, 17: 2.6}
_HDR = {16: "PQ", 18: "HLG"}


def adobe_rgb(name: str) -> ColourSpace:
    """Return Adobe RGB (1998)."""
    return ColourSpace(name, gamma_curve(563 / 256), primaries_matrix(ADOBE_PRIMARIES))


def by_code(primaries: int, transfer: int, where: str) -> Stated:
    """Return the space of code points of ITU-T H.273; unknown ones are taken for sRGB's."""
    if transfer in _HDR:
        return None, f"its tones are HDR ({_HDR[transfer]}), read as they are stored"
    name, corners, white = _BY_CODE.get(primaries, ("BT.709", SRGB_PRIMARIES, D65))
    exponent = _EXPONENTS.get(transfer)
    if primaries not in _BY_CODE and exponent is None:
        return NOTHING
    curve = srgb_curve() if exponent is None else gamma_curve(exponent)
    tones = "" if exponent is None else f", gamma {exponent:g}"
    return ColourSpace(f"{name}{tones} ({where})", curve, primaries_matrix(corners, white)), ""


def stated_by(image: Image.Image, data: bytes) -> Stated:
    """Return what a file that Pillow has opened states of its colours, profiles apart."""
    readers: dict[str, Callable[[Image.Image, bytes], Stated]] = {
        "PNG": _by_png,
        "AVIF": _by_avif,
        "TIFF": lambda image, _: by_tags(getattr(image, "tag_v2", {}).get),
    }
    try:
        found = readers.get(image.format or "", lambda *_: NOTHING)(image, data)
        return found if found != NOTHING else by_exif(image.getexif())
    except Exception:
        # Damaged statements do not make a damaged picture.
        return None, "what it states of its colours is damaged and was ignored"


def hidden_profile(image: Image.Image, data: bytes) -> bytes | None:
    """Return the ICC profile in a JPEG 2000 or BMP file, which Pillow does not look for."""
    if image.format == "JPEG2000":
        at = data[:65536].find(b"colr\x02")
        if at >= 4:
            (size,) = struct.unpack_from(">I", data, at - 4)
            return data[at + 7 : at - 4 + size]
    if image.format == "BMP" and data[70:74] == b"DEBM":
        start, size = struct.unpack_from("<II", data, 126)
        return data[14 + start : 14 + start + size]
    return None


def by_tags(tag: Callable[[int], Any]) -> Stated:
    """Return what a TIFF file's tags of colorimetry say; ``tag`` gives the values of one."""
    white, corners, curve = tag(_WHITE), tag(_PRIMARIES), tag(_TRANSFER)
    if corners is None and curve is None:
        return NOTHING
    matrix = primaries_matrix(SRGB_PRIMARIES)
    if corners is not None:
        flat = [float(value) for value in corners]
        primaries = ((flat[0], flat[1]), (flat[2], flat[3]), (flat[4], flat[5]))
        x, y = (float(value) for value in white) if white is not None else D65
        matrix = primaries_matrix(primaries, (x, y))
    curves = srgb_curve()
    if curve is not None:
        tables = np.asarray(curve, np.float64) / 65535
        tables = tables.reshape(3 if len(tables) % 3 == 0 else 1, -1)
        curves = np.concatenate([table_curve(table) for table in tables])
    return _unless_srgb(ColourSpace("the file's primaries and tones (TIFF)", curves, matrix))


def _by_png(image: Image.Image, data: bytes) -> Stated:
    at = data[: data.find(b"IDAT")].find(b"cICP")
    if at >= 0:
        return by_code(data[at + 4], data[at + 5], "cICP")
    info = image.info
    if "srgb" in info or not ("gamma" in info or "chromaticity" in info):
        return NOTHING
    corners: Pairs = SRGB_PRIMARIES
    white = D65
    if "chromaticity" in info:
        flat = info["chromaticity"]
        white = (flat[0], flat[1])
        corners = ((flat[2], flat[3]), (flat[4], flat[5]), (flat[6], flat[7]))
    gamma = info.get("gamma")
    plain = gamma is None or 0.44 < gamma < 0.47
    matrix = primaries_matrix(corners, white)
    if plain and _unless_srgb(ColourSpace("", srgb_curve(), matrix)) == NOTHING:
        # 1/2.2 is how PNG files say sRGB.
        return NOTHING
    if gamma is not None and not 0.05 < gamma < 10:
        return None, f"its gamma {gamma:g} cannot be used and was ignored"
    curve = srgb_curve() if gamma is None else gamma_curve(1 / gamma)
    chunks = " and ".join(
        chunk for chunk, key in (("gAMA", "gamma"), ("cHRM", "chromaticity")) if key in info
    )
    name = f"what it states ({chunks}{'' if gamma is None else f', gamma {1 / gamma:.3g}'})"
    return _unless_srgb(ColourSpace(name, curve, matrix))


def _by_avif(image: Image.Image, data: bytes) -> Stated:
    at = data[:65536].find(b"colrnclx")
    if at < 0:
        return NOTHING
    primaries, transfer = struct.unpack_from(">HH", data, at + 8)
    return by_code(primaries, transfer, "nclx")


def by_exif(exif: Image.Exif) -> Stated:
    """Return what EXIF says of the colours."""
    space = exif.get_ifd(_EXIF).get(_COLOUR_SPACE)
    try:
        rule = str(exif.get_ifd(_INTEROPERABILITY).get(1, "")).strip("\0 ")
    except KeyError:
        # What releases of Pillow before 11.1 raise where there is none.
        rule = ""
    if rule == "R03" or space == _ADOBE:
        return adobe_rgb("Adobe RGB (EXIF)"), ""
    if space == _UNCALIBRATED and rule != "R98":
        return None, "its EXIF says that it is not in sRGB, not in which space; taken as sRGB"
    return NOTHING


def _unless_srgb(space: ColourSpace) -> Stated:
    return NOTHING if space.is_srgb() else (space, "")
