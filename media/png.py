"""16-bit PNG files looked through before they are decoded.

The decoder that keeps 16 bits ends the process where a file is damaged in ways that a lenient
one reads on over: a wrong check sum of the pixels, rows of no known filter.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import numpy as np

from ..metrics.errors import InputError

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# All that decides on pixels, in the order in which it has to come.
_KEPT = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
_CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}
_FILTERS = 5
# Starts and steps, (x, y, dx, dy), of the passes of interlaced pictures.
_PASSES = (
    (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)
)  # fmt: skip


def sound_png(data: bytes) -> bytes:
    """Return a 16-bit PNG file without what no decoder of pixels needs.

    Raises
    ------
    InputError
        In one line: it is damaged, whole though it may look.
    """
    if not data.startswith(_SIGNATURE):
        raise InputError("the image is damaged (no PNG)")
    chunks: dict[bytes, bytes] = {}
    for kind, content in _chunks(data):
        if kind == b"IDAT":
            chunks[kind] = chunks.get(kind, b"") + content
        elif kind in chunks:
            raise InputError(f"the image is damaged (two chunks {kind.decode()})")
        elif kind in _KEPT:
            chunks[kind] = content
    if len(chunks.get(b"IHDR", b"")) != 13 or not chunks.get(b"IDAT"):
        raise InputError("the image is damaged (it lacks header or pixels)")
    _check_pixels(chunks[b"IHDR"], chunks[b"IDAT"])
    kept = [(kind, chunks[kind]) for kind in _KEPT[:-1] if kind in chunks]
    return _SIGNATURE + b"".join(_chunk(*each) for each in [*kept, (b"IEND", b"")])


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield kind and content of each chunk up to the end's."""
    place = len(_SIGNATURE)
    while True:
        length, kind = struct.unpack(">I4s", data[place : place + 8].ljust(8, b"\0"))
        content, check = (
            data[place + 8 : place + 8 + length],
            data[place + 8 + length : place + 12 + length],
        )
        if len(check) != 4:
            raise InputError("the image is damaged (it is cut off)")
        if kind in _KEPT and struct.unpack(">I", check)[0] != zlib.crc32(kind + content):
            raise InputError(f"the image is damaged (check sum of {kind.decode()})")
        yield kind, content
        if kind == b"IEND":
            return
        place += 12 + length


def _check_pixels(header: bytes, packed: bytes) -> None:
    """Check that pixels are as many as the header says, and each row of a known filter."""
    width, height, depth, colour, *ways, interlaced = struct.unpack(">IIBBBBB", header)
    if depth != 16 or colour not in _CHANNELS or ways != [0, 0] or interlaced > 1:
        raise InputError("the image is damaged (its header)")
    rows = [
        (1 + 2 * _CHANNELS[colour] * -(-(width - x) // dx), -(-(height - y) // dy))
        for x, y, dx, dy in (_PASSES if interlaced else ((0, 0, 1, 1),))
        if width > x and height > y
    ]
    size = sum(length * count for length, count in rows)
    unpacking = zlib.decompressobj()
    try:
        pixels = unpacking.decompress(packed, size + 1)
        # A stream may end exactly where a next call would find that it does.
        pixels += unpacking.decompress(unpacking.unconsumed_tail, 1) if not unpacking.eof else b""
    except zlib.error as error:
        raise InputError(f"the image is damaged ({error})") from None
    if len(pixels) != size or not unpacking.eof:
        raise InputError("the image is damaged (it has too few pixels, or too many)")
    place, found = 0, np.frombuffer(pixels, np.uint8)
    for length, count in rows:
        if (found[place : place + length * count : length] >= _FILTERS).any():
            raise InputError("the image is damaged (a row of no known filter)")
        place += length * count


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)
