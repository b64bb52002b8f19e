"""One frame as a file: 8 or 16 bits in PNG, 16 in TIFF, floats in OpenEXR; tagged as sRGB."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Callable
from fractions import Fraction
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ..metrics.errors import InputError
from ..metrics.files import atomic_write
from .alpha import straight
from .animated import srgb_profile
from .write import check_shape, save_image

FrameFormat = Literal["png", "png16", "tiff", "exr"]
"""PNG of 8 or of 16 bits a channel, TIFF of 16, OpenEXR of 32-bit floats."""

Values = Literal["colour", "data", "grey"]
"""What pixels are: colours of sRGB, quantities, or one quantity in three equal channels."""

Deep = npt.NDArray[np.uint16]

_PROFILE_TAG = 34675
_TOP = 65535


def frame_name(index: int, form: FrameFormat = "png", digits: int = 4) -> str:
    """Return the name of a frame's file: ``0007.png``."""
    ending = {"png": "png", "png16": "png", "tiff": "tif", "exr": "exr"}[form]
    return f"{index:0{digits}d}.{ending}"


def save_frame(
    path: str | os.PathLike[str],
    image: Tensor,
    form: FrameFormat = "png",
    values: Values = "colour",
) -> None:
    """Write (3, H, W) in [0, 1], or (4, H, W) with transparency, whole or not at all.

    Colours of 16 bits carry an ICC profile of sRGB. OpenEXR holds linear light of sRGB's
    primaries, as programs for it expect. Grey is written as a single channel, but for OpenEXR.
    Beside alpha colours are `straight`, in OpenEXR multiplied by it.

    Raises
    ------
    InputError
        In one line: an unusable image, or the file cannot be written.
    """
    if form == "png":
        save_image(path, image, grey=values == "grey")
        return
    check_shape(image)
    if not torch.isfinite(image).all():
        raise InputError("the image holds NaN or infinite values")
    pixels = straight(image, _TOP).clamp(0, 1).permute(1, 2, 0).numpy()
    if values == "grey" and form != "exr":
        pixels = pixels[..., :1]
    content = _WRITERS[form](pixels, values == "colour")
    with atomic_write(path) as temporary:
        temporary.write_bytes(content)


def _png(pixels: npt.NDArray[np.float64], tagged: bool) -> bytes:
    samples = _deep(pixels)
    height, width, channels = samples.shape
    # Bytes less those of the pixel on the left, which compress far better.
    flat = np.ascontiguousarray(samples, ">u2").view(np.uint8).reshape(height, width, 2 * channels)
    before = np.zeros((height, 1, 2 * channels), np.uint8)
    less = np.diff(flat, axis=1, prepend=before).astype(np.uint8)
    rows = np.concatenate([np.ones((height, 1), np.uint8), less.reshape(height, -1)], 1)
    head = struct.pack(">IIBBBBB", width, height, 16, {1: 0, 3: 2, 4: 6}[channels], 0, 0, 0)
    profile = b"sRGB\0\0" + zlib.compress(srgb_profile())
    tags = ((b"iCCP", profile),) if tagged else ()
    parts = ((b"IHDR", head), *tags, (b"IDAT", zlib.compress(rows.tobytes())))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*each) for each in (*parts, (b"IEND", b"")))


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + check


def _tiff(pixels: npt.NDArray[np.float64], tagged: bool) -> bytes:
    # Imported here: with its plugins it takes long to load.
    import imageio.v3 as iio

    profile = srgb_profile()
    samples = _deep(pixels)
    grey = samples.shape[2] == 1
    return iio.imwrite(
        "<bytes>",
        samples[..., 0] if grey else samples,
        extension=".tif",
        plugin="tifffile",
        photometric="minisblack" if grey else "rgb",
        compression="zlib",
        extratags=[(_PROFILE_TAG, 7, len(profile), profile, True)] if tagged else [],
        extrasamples=["unassalpha"] if samples.shape[2] > 3 else None,
    )


def _exr(pixels: npt.NDArray[np.float64], tagged: bool) -> bytes:
    del tagged
    # Imported here: PyAV takes long to load.
    import av

    colours, alpha = pixels[..., :3], pixels[..., 3:]
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    stored = "gbrapf32le" if alpha.size else "gbrpf32le"
    if alpha.size:
        linear = np.concatenate([linear * alpha, alpha], axis=2)
    try:
        encoder: av.VideoCodecContext = av.CodecContext.create("exr", "w")
        encoder.height, encoder.width = pixels.shape[:2]
        encoder.pix_fmt, encoder.time_base = stored, Fraction(1, 25)
        encoder.options = {"compression": "zip16", "format": "float"}
        frame = av.VideoFrame(encoder.width, encoder.height, stored)
        for plane, channel in zip(frame.planes, (1, 2, 0, 3), strict=False):
            rows = np.zeros((encoder.height, plane.line_size // 4), np.float32)
            rows[:, : encoder.width] = linear[..., channel]
            plane.update(rows.tobytes())
        return b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])
    except (av.FFmpegError, ValueError) as error:
        raise InputError(f"PyAV cannot write OpenEXR here ({error}); expected tiff") from None


def _deep(pixels: npt.NDArray[np.float64]) -> Deep:
    return np.rint(pixels * _TOP).astype(np.uint16)


_WRITERS: dict[str, Callable[[npt.NDArray[np.float64], bool], bytes]] = {
    "png16": _png,
    "tiff": _tiff,
    "exr": _exr,
}
