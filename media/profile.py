"""Colour spaces of curves and primaries, and their colours in sRGB, in floats.

What a profile is goes by its curves and primaries, never by its name: there are linear ones
called sRGB, and sRGB is called many things.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Matrix = npt.NDArray[np.float64]
Pairs = tuple[tuple[float, float], tuple[float, float], tuple[float, float]]

_D50 = np.array([0.9642, 1.0, 0.8249])
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
# As fine as 16-bit samples.
_LEVELS = np.linspace(0, 1, 1 << 16)
# Colours that sRGB's own profiles, rounded as they are, do not move further than.
_SAME = 1 / 255

D65 = (0.3127, 0.3290)
SRGB_PRIMARIES: Pairs = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
ADOBE_PRIMARIES: Pairs = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))


@dataclass(frozen=True, eq=False)
class ColourSpace:
    """Colours that are made linear by curves, then CIE XYZ by a matrix.

    Attributes
    ----------
    name
        For notices; '' where there is nothing to be told.
    curves
        (1 or 3, 65536): linear light of the levels from 0 to 1, of each channel or of all.
    matrix
        (3, 3): linear light to XYZ at D50.
    """

    name: str
    curves: Matrix
    matrix: Matrix

    def to_srgb(self, colour: Floats) -> Floats:
        """Convert (H, W, 1 or 3) in [0, 1] to sRGB (H, W, 3); clips what sRGB lacks."""
        curves = np.broadcast_to(self.curves, (3, len(_LEVELS)))
        channels = np.broadcast_to(colour, (*colour.shape[:2], 3))
        linear = np.empty(channels.shape, np.float32)
        for index, curve in enumerate(curves):
            linear[..., index] = np.interp(channels[..., index], _LEVELS, curve)
        change = np.linalg.inv(_SRGB) @ self.matrix
        return encode(linear @ change.T.astype(np.float32))

    def is_srgb(self, channels: int = 3) -> bool:
        """Whether sRGB's colours, or greys (1), are these, to within a level of 8 bits."""
        ramp = np.linspace(0, 1, 33, dtype=np.float32)[:, None]
        corners = [[1, 1, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, 1], [1, 0, 1]]
        colours = ramp * np.array(corners[: 1 if channels == 1 else 7], np.float32)[:, None]
        return bool(np.abs(self.to_srgb(colours) - colours).max() <= _SAME)


def encode(linear: Floats) -> Floats:
    """Return linear light, clipped to [0, 1], on sRGB's curve."""
    linear = np.clip(linear, 0, 1)
    bright = np.float32(1.055) * np.power(linear, np.float32(1 / 2.4)) - np.float32(0.055)
    bright = np.where(linear == 1, np.float32(1), bright)
    return np.where(linear <= 0.0031308, np.float32(12.92) * linear, bright).astype(np.float32)


def srgb_curve() -> Matrix:
    """Return sRGB's curve, (1, 65536)."""
    bright = ((_LEVELS + 0.055) / 1.055) ** 2.4
    return np.where(_LEVELS <= 0.04045, _LEVELS / 12.92, bright)[None]


def gamma_curve(exponent: float) -> Matrix:
    """Return the curve of a power, (1, 65536)."""
    return (_LEVELS**exponent)[None]


def table_curve(table: Matrix) -> Matrix:
    """Return the curve through the values of a table at equal distances, (1, 65536)."""
    return np.interp(_LEVELS, np.linspace(0, 1, len(table)), table)[None]


def primaries_matrix(primaries: Pairs, white: tuple[float, float] = D65) -> Matrix:
    """Return the matrix to XYZ at D50 of primaries and white, as chromaticities (x, y).

    Raises
    ------
    ValueError
        They span no colours.
    """
    columns = np.array([[x / y, 1, (1 - x - y) / y] for x, y in primaries]).T
    x, y = white
    target = np.array([x / y, 1, (1 - x - y) / y])
    matrix = columns * np.linalg.solve(columns, target)
    scale = (_BRADFORD @ _D50) / (_BRADFORD @ target)
    adapted = np.linalg.inv(_BRADFORD) @ (scale[:, None] * _BRADFORD) @ matrix
    if not np.isfinite(adapted).all() or abs(np.linalg.det(adapted)) < 1e-4:
        raise ValueError("these primaries span no colours")
    return np.asarray(adapted)


_SRGB = primaries_matrix(SRGB_PRIMARIES)


@lru_cache(maxsize=8)
def read_profile(profile: bytes, name: str) -> ColourSpace | None:
    """Read an ICC profile of curves and a matrix, or of one curve for grey.

    Returns
    -------
    ColourSpace or None
        None where it has tables of colours, which a colour management system knows to read.

    Raises
    ------
    ValueError
        It is damaged, or for other than RGB or grey.
    """
    if len(profile) < 132 or profile[36:40] != b"acsp":
        raise ValueError("no ICC profile")
    try:
        tags = _tags(profile)
        kind = profile[16:20]
        if kind == b"CMYK" or any(tag in tags for tag in (b"A2B0", b"A2B1")):
            return None
        if kind == b"GRAY":
            return ColourSpace(name, _curve(tags[b"kTRC"]), _SRGB)
        if kind != b"RGB " or profile[20:24] != b"XYZ ":
            raise ValueError("neither RGB nor grey")
        curves = np.concatenate([_curve(tags[key + b"TRC"]) for key in (b"r", b"g", b"b")])
        matrix = np.stack([_xyz(tags[key + b"XYZ"]) for key in (b"r", b"g", b"b")], 1)
    except (KeyError, struct.error, IndexError) as error:
        raise ValueError("damaged profile") from error
    if not (np.isfinite(curves).all() and abs(np.linalg.det(matrix)) > 1e-4):
        raise ValueError("a profile without colours")
    return ColourSpace(name, curves, matrix)


def _tags(profile: bytes) -> dict[bytes, bytes]:
    (count,) = struct.unpack_from(">I", profile, 128)
    found = {}
    for index in range(min(count, 200)):
        key, start, size = struct.unpack_from(">4sII", profile, 132 + 12 * index)
        found[key] = profile[start : start + size]
    return found


def _xyz(tag: bytes) -> Matrix:
    return np.array(struct.unpack_from(">3i", tag, 8)) / 65536


def _curve(tag: bytes) -> Matrix:
    """Return the curve of a 'curv' or 'para' tag."""
    if tag[:4] == b"curv":
        (count,) = struct.unpack_from(">I", tag, 8)
        if count == 0:
            return gamma_curve(1)
        table = np.frombuffer(tag, ">u2", count, offset=12) / 65535
        return gamma_curve(table[0] * 65535 / 256) if count == 1 else table_curve(table)
    if tag[:4] != b"para":
        raise ValueError("a curve of a kind that is not known")
    (kind,) = struct.unpack_from(">H", tag, 8)
    numbers = struct.unpack_from(f">{(1, 3, 4, 5, 7)[kind]}i", tag, 12)
    values = [number / 65536 for number in numbers] + [0.0] * (7 - len(numbers))
    g, a, b, c, d, e, f = values
    if kind == 0:
        return gamma_curve(g)
    if kind < 3:
        c, d, e, f = 0.0, (-b / a if a else 0.0), c, c
    power = np.power(np.maximum(a * _LEVELS + b, 0), g) + e
    return np.where(_LEVELS >= d, power, c * _LEVELS + f)[None]
