"""OpenEXR files of one flat part: linear light in floats, read with FFmpeg.

FFmpeg decodes what is there of a damaged file and says nothing, so that the blocks of pixels are
looked through here first.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..metrics.errors import InputError
from .colour import Floats, Raster, check_size
from .profile import D65, SRGB_PRIMARIES, ColourSpace, gamma_curve, primaries_matrix

_HEADER, _TILED, _OTHER_PARTS = 8, 0x200, 0x1800
_MOST_ATTRIBUTES = 1000
# Rows in a block by the number of the compression: none, RLE, ZIPS, ZIP, PIZ, PXR24, B44, B44A,
# DWAA, DWAB.
_ROWS = (1, 1, 1, 16, 32, 16, 32, 32, 32, 256)
_ZIP = (2, 3)
_UINT, _BYTES = 0, {1: 2, 2: 4}
_DAMAGED = "the image is damaged ({})"
_MISSING = _DAMAGED.format("some of its pixels are missing")
# Where FFmpeg's formats have red, green and blue, or grey; and their samples.
_ORDER = {"gbr": (2, 0, 1), "gray": (0,), "ya": (0,)}
_DEPTHS = {"f16le": "<f2", "f32le": "<f4", "f16be": ">f2", "f32be": ">f4"}
# Less is seen of nobody; and of chromaticities the rounding.
_SEEN, _SAME = 1e-3, 1e-3


@dataclass(frozen=True)
class _Head:
    """What the head of a file says, and where the places of its blocks are listed."""

    attributes: dict[str, bytes]
    tiled: bool
    end: int


def read_exr(data: bytes) -> Raster:
    """Read the picture of an OpenEXR file: R, G and B, or Y, and A where there is one.

    Of layers the plain one is read, else the first that has colours. What is above 1 or below 0
    is clipped, which a notice says.

    Raises
    ------
    InputError
        The image is damaged, too large, or of a kind that is not read: several parts, deep
        pixels, integers.
    """
    try:
        head = _read_head(data)
        box = struct.unpack("<4i", head.attributes["dataWindow"])
        shown = struct.unpack("<4i", head.attributes["displayWindow"])
        for left, top, right, bottom in (box, shown):
            check_size(right - left + 1, bottom - top + 1)
        channels = _channels(head.attributes["channels"])
        layer, layers = _layer(set(channels))
        _check_blocks(data, head, box, sum(channels.values()))
        space = _space(head.attributes.get("chromaticities"))
    except (KeyError, struct.error, IndexError, np.linalg.LinAlgError) as error:
        raise InputError(_DAMAGED.format(f"its head: {error}")) from None
    planes = _decoded(data, layer)
    alpha = np.clip(planes.pop(), 0, 1) if len(planes) in (2, 4) else None
    colour = np.stack(planes, axis=2)
    if not np.isfinite(colour).all() or (alpha is not None and not np.isfinite(alpha).all()):
        raise InputError("some samples are NaN or infinite; expected linear light")
    if alpha is not None:
        alpha = alpha[..., None]
        colour = np.where(alpha > 0, colour / np.maximum(alpha, np.float32(1e-6)), colour)
    notices = []
    outside = float(((colour < -_SEEN) | (colour > 1 + _SEEN)).any(axis=2).mean())
    if outside:
        notices.append(f"{outside:.2%} of its pixels lie outside [0, 1] and were clipped")
    if layers > 1:
        notices.append(f"has {layers} layers; only {layer or 'the plain one'} is used")
    return Raster(np.clip(colour, 0, 1), alpha, space=space, deep=True, notices=tuple(notices))


def _read_head(data: bytes) -> _Head:
    """Return the attributes of a file, and where they end."""
    (version,) = struct.unpack_from("<I", data, 4)
    if version & _OTHER_PARTS:
        raise InputError("is OpenEXR of several parts or deep pixels; expected one flat part")
    attributes: dict[str, bytes] = {}
    at = _HEADER
    while data[at] and len(attributes) < _MOST_ATTRIBUTES:
        name, at = _text(data, at)
        _, at = _text(data, at)
        (size,) = struct.unpack_from("<I", data, at)
        attributes[name] = data[at + 4 : at + 4 + size]
        at += 4 + size
    return _Head(attributes, bool(version & _TILED), at + 1)


def _text(data: bytes, at: int) -> tuple[str, int]:
    """Return the text that ends with a zero, and what comes after it."""
    end = data.find(b"\0", at, at + 256)
    if end < 0:
        raise IndexError("a name without end")
    return data[at:end].decode("utf-8", "replace"), end + 1


def _channels(content: bytes) -> dict[str, int]:
    """Return the bytes that a sample of each channel takes."""
    found = {}
    at = 0
    while content[at]:
        name, at = _text(content, at)
        kind, _, across, down = struct.unpack_from("<iIii", content, at)
        if kind == _UINT:
            raise InputError(f"channel {name} holds integers; expected OpenEXR of floats")
        if (across, down) != (1, 1):
            raise InputError(f"channel {name} holds fewer pixels; expected R, G and B, or Y")
        found[name] = _BYTES[kind]
        at += 16
    return found


def _layer(channels: set[str]) -> tuple[str, int]:
    """Return the layer that is read ('' for the plain one), and how many have colours."""
    whole = ({"R", "G", "B"}, {"Y"})
    layers = sorted({name.rpartition(".")[0] for name in channels})
    parts = {
        layer: {name.rpartition(".")[2] for name in channels if name.rpartition(".")[0] == layer}
        for layer in layers
    }
    usable = [layer for layer in layers if any(each <= parts[layer] for each in whole)]
    if not usable:
        names = ", ".join(sorted(channels)[:8])
        raise InputError(f"found the channels {names}; expected R, G and B, or Y")
    return usable[0], len(usable)


def _check_blocks(data: bytes, head: _Head, box: tuple[int, ...], sample: int) -> None:
    """Raise `InputError` unless all blocks of pixels are there, and whole as far as that shows."""
    left, top, right, bottom = box
    width, height = right - left + 1, bottom - top + 1
    compression = head.attributes["compression"][0]
    across, rows, ahead = width, _ROWS[compression], 4
    if head.tiled:
        across, rows = struct.unpack_from("<II", head.attributes["tiles"])
        check_size(across, rows)
        ahead = 16
    count = -(-width // across) * -(-height // rows)
    for place in struct.unpack_from(f"<{count}Q", data, head.end):
        if place < head.end or place + ahead + 4 > len(data):
            raise InputError(_MISSING)
        (size,) = struct.unpack_from("<I", data, place + ahead)
        start = place + ahead + 4
        if start + size > len(data):
            raise InputError(_MISSING)
        if compression not in _ZIP:
            continue
        if head.tiled:
            column, row = struct.unpack_from("<ii", data, place)
            pixels = min(across, width - column * across) * min(rows, height - row * rows)
        else:
            (row,) = struct.unpack_from("<i", data, place)
            pixels = width * min(rows, bottom - row + 1)
        # A block that does not become smaller is stored as it is.
        if size < sample * pixels and not _is_zip(data[start : start + size], sample * pixels):
            raise InputError(_DAMAGED.format("a block of its pixels"))


def _is_zip(block: bytes, size: int) -> bool:
    """Whether a compressed block holds so many bytes, and they agree with their checksum."""
    reader = zlib.decompressobj()
    try:
        return len(reader.decompress(block, size + 1)) == size and reader.eof
    except zlib.error:
        return False


def _space(chromaticities: bytes | None) -> ColourSpace:
    """Return linear light of the file's primaries; of sRGB's there is nothing to be said."""
    if chromaticities is None:
        return ColourSpace("", gamma_curve(1), primaries_matrix(SRGB_PRIMARIES))
    flat = struct.unpack("<8f", chromaticities)
    primaries = ((flat[0], flat[1]), (flat[2], flat[3]), (flat[4], flat[5]))
    known = np.array([*(each for pair in SRGB_PRIMARIES for each in pair), *D65])
    name = "" if np.abs(np.array(flat) - known).max() < _SAME else "the file's primaries (OpenEXR)"
    return ColourSpace(name, gamma_curve(1), primaries_matrix(primaries, (flat[6], flat[7])))


def _decoded(data: bytes, layer: str) -> list[Floats]:
    """Return the channels (H, W) of a layer, with FFmpeg: R, G and B, or Y, then A."""
    # Imported here: PyAV takes long to load.
    import av

    try:
        decoder: Any = av.CodecContext.create("exr", "r")
        decoder.options = {"layer": layer}
        frame = [*decoder.decode(av.Packet(data)), *decoder.decode(None)][0]
    except (av.FFmpegError, ValueError, IndexError) as error:
        raise InputError(f"OpenEXR that cannot be read here ({error})") from None
    depth = next((each for each in _DEPTHS if each in frame.format.name), None)
    order = next((_ORDER[each] for each in _ORDER if frame.format.name.startswith(each)), None)
    if depth is None or order is None:
        raise InputError(f"OpenEXR of {frame.format.name}; expected floats")
    planes = [_plane(plane, frame.width, _DEPTHS[depth]) for plane in frame.planes]
    # FFmpeg keeps green, blue, red and what is clear, or grey and what is clear.
    return [planes[index] for index in order] + planes[len(order) :]


def _plane(plane: Any, width: int, depth: str) -> Floats:
    samples: npt.NDArray[Any] = np.frombuffer(bytes(plane), depth).reshape(plane.height, -1)
    return samples[:, :width].astype(np.float32)
