"""Image files of every kind, and the checks of what decoding makes of them."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from elpips.media.decode import decode
from elpips.metrics.errors import InputError

SHAPE = (11, 17)
RNG = np.random.default_rng(0)
RGB = RNG.integers(0, 256, (*SHAPE, 3), dtype=np.uint8)
GREY = RNG.integers(0, 256, SHAPE, dtype=np.uint8)
DEEP = RNG.integers(0, 65536, (*SHAPE, 4), dtype=np.uint16)


def pillow(image: Image.Image, form: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format=form, **options)
    return stream.getvalue()


def tiff(samples: np.ndarray, **options: object) -> bytes:
    stream = io.BytesIO()
    tifffile.imwrite(stream, samples, **options)
    return stream.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + check


def deep_png(samples: np.ndarray, *extra: bytes) -> bytes:
    """Make a PNG file of 16-bit samples (H, W, C); Pillow writes none of 3 or 4 channels."""
    height, width, channels = samples.shape
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in samples)
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0)),
            *extra,
            chunk(b"IDAT", zlib.compress(rows)),
            chunk(b"IEND", b""),
        ]
    )


def lzw_tiff(bits: int, kind: int) -> bytes:
    """Make a 2 x 1 RGB TIFF of zeros with LZW compression, which tifffile does not write."""
    # Codes of nine bits: clear, zeros, end.
    text = "".join(f"{code:09b}" for code in [256, *[0] * (6 * bits // 8), 257])
    strip = bytes(int(text[i : i + 8].ljust(8, "0"), 2) for i in range(0, len(text), 8))
    offset = 8 + 2 + 10 * 12 + 4
    depths = struct.pack("<3H", bits, bits, bits)
    kinds = struct.pack("<3H", kind, kind, kind)
    entries = [
        (256, 3, 1, 2),
        (257, 3, 1, 1),
        (258, 3, 3, offset),
        (259, 3, 1, 5),
        (262, 3, 1, 2),
        (273, 4, 1, offset + 12),
        (277, 3, 1, 3),
        (278, 3, 1, 1),
        (279, 4, 1, len(strip)),
        (339, 3, 3, offset + 6),
    ]
    directory = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    head = b"II*\0" + struct.pack("<IH", 8, len(entries))
    return head + directory + struct.pack("<I", 0) + depths + kinds + strip


def foreign_profile() -> bytes:
    """Make the sRGB profile with red and blue exchanged, named 'Test'."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, blue = profile.index(b"rXYZ"), profile.index(b"bXYZ")
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    return bytes(profile).replace("sRGB".encode("utf-16-be"), "Test".encode("utf-16-be"))


def icc(kind: bytes, name: str, tags: dict[bytes, bytes]) -> bytes:
    """Make an ICC profile with a description, D50 as its white, and the given tags."""
    text = name.encode() + b"\0"
    content = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(78),
        b"wtpt": xyz(0.9642, 1, 0.8249),
        **tags,
    }
    table, body = struct.pack(">I", len(content)), b""
    start = 132 + 12 * len(content)
    for key, value in content.items():
        table += key + struct.pack(">II", start + len(body), len(value))
        body += value + bytes(-len(value) % 4)
    head = struct.pack(">I", start + len(body)) + b"lcms\x02\x40\0\0mntr" + kind + b"XYZ "
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28)
    head += struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + table + body


def xyz(*values: float) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in values))


def rgb_profile(name: str, curve: bytes) -> bytes:
    """Make a profile of sRGB's primaries and any curve."""
    columns = {
        b"rXYZ": xyz(0.4361, 0.2225, 0.0139),
        b"gXYZ": xyz(0.3851, 0.7169, 0.0971),
        b"bXYZ": xyz(0.1431, 0.0606, 0.7141),
    }
    curves = dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    return icc(b"RGB ", name, columns | curves)


def linear_profile(name: str) -> bytes:
    return rgb_profile(name, b"curv" + bytes(8))


def grey_profile() -> bytes:
    """Make a profile of linear grey."""
    return icc(b"GRAY", "Linear grey", {b"kTRC": b"curv" + bytes(8)})


def to_linear(colour: np.ndarray) -> np.ndarray:
    """Return sRGB in [0, 1] as linear light."""
    return np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)


def on_white(colour: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    return np.asarray(colour * alpha[..., None] + 1 - alpha[..., None])


def pixels_of(data: bytes, *expected_notices: str) -> np.ndarray:
    image, notices = decode(data)
    assert image.dtype == np.float32
    assert image.ndim == 3
    assert image.shape[2] == 3
    assert 0 <= image.min() <= image.max() <= 1
    assert len(notices) == len(expected_notices), notices
    for notice, expected in zip(notices, expected_notices, strict=True):
        assert expected in notice
    return image


def error_of(data: bytes) -> str:
    with pytest.raises(InputError) as caught:
        decode(data)
    message = str(caught.value)
    assert message
    assert "\n" not in message
    return message
