"""Damaged 16-bit PNG files are one line, and sound ones are read as they are."""

from __future__ import annotations

import io
import random
import struct
import zlib

import numpy as np
import pytest
import torch
from torchvision.io import ImageReadMode, decode_image

from elpips.media.decode import decode
from elpips.media.png import _PASSES, sound_png
from elpips.metrics.errors import InputError

CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}
PIXELS = np.random.default_rng(0).integers(0, 2**16, (11, 9, 4), dtype=np.uint16)


def chunk(kind: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + check


def png(colour: int = 2, *, interlaced: bool = False, filters: int = 0, surplus: bytes = b""):
    """Return a 16-bit PNG file of `PIXELS`' first channels."""
    pixels = PIXELS[..., : CHANNELS[colour]]
    passes = _PASSES if interlaced else ((0, 0, 1, 1),)
    raw = io.BytesIO()
    for x, y, dx, dy in passes:
        for row in pixels[y::dy, x::dx]:
            if row.size:
                raw.write(bytes([filters]) + row.astype(">u2").tobytes())
    header = struct.pack(">IIBBBBB", 9, 11, 16, colour, 0, 0, int(interlaced))
    body = zlib.compress(raw.getvalue() + surplus)
    parts = [chunk(b"IHDR", header), chunk(b"tEXt", b"a\0b")]
    parts += [chunk(b"IDAT", body[:40]), chunk(b"IDAT", body[40:]), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("colour", CHANNELS)
@pytest.mark.parametrize("interlaced", [False, True])
def test_sound_files_are_read_as_they_are(colour: int, interlaced: bool) -> None:
    content = torch.frombuffer(
        bytearray(sound_png(png(colour, interlaced=interlaced))), dtype=torch.uint8
    )
    found = decode_image(content, ImageReadMode.UNCHANGED).permute(1, 2, 0).numpy()
    assert np.array_equal(found, PIXELS[..., : CHANNELS[colour]])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (png(filters=5), "no known filter"),
        (png(surplus=b"\0"), "too many"),
        (png()[:-30], "cut off"),
        (png()[:70] + b"\xff" + png()[71:], "check sum of IDAT"),
        (png().replace(b"IDAT", b"iDAT"), "lacks header or pixels"),
        (png().replace(b"tEXt", b"IHDR"), "check sum"),
        (b"GIF89a" + png(), "no PNG"),
    ],
)
def test_damage_is_one_line(data: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        sound_png(data)


def test_whatever_is_damaged_the_process_goes_on() -> None:
    rng = random.Random(0)
    for _ in range(300):
        data = bytearray(png(2))
        for _ in range(rng.choice((1, 3, 20))):
            data[rng.randrange(8, len(data))] ^= 1 << rng.randrange(8)
        try:
            decode(bytes(data))
        except InputError as error:
            assert "\n" not in str(error)
