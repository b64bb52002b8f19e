"""H.264 video in MP4, with colours that every player shows alike.

PyAV writes it: imageio's plugin for it passes no encoder options on, neither quality nor the
tags that say BT.709.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from ..metrics.errors import InputError
from ..metrics.files import atomic_write
from .write import Pixels

# Some players stumble over, or cut, videos of a few frames per second.
_LEAST_RATE = 25
_LUMA = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)


def write_mp4(
    path: str | os.PathLike[str],
    pixels: Pixels,
    shown: Sequence[tuple[int, int]],
    *,
    faithful: bool = False,
) -> None:
    """Write frames as H.264 in MP4, as long as the GIF.

    The rate is constant and at least 25 per second: a frame of 200 ms is five of the video's.

    By default colours are 4:2:0 in BT.709 and limited range, tagged so, with next to no
    compression (CRF 12): every player reads it. Odd sizes gain a copy of the last row or column.
    With `faithful`, 8-bit RGB is kept to the last bit (CRF 0, profile High 4:4:4 Predictive), at
    any size: players built on FFmpeg's decoders read it (mpv, VLC, ffplay), QuickTime, Safari,
    phones and televisions do not.

    Parameters
    ----------
    path
        The file.
    pixels
        (N, H, W, 3) in 0 to 255.
    shown
        Indices of frames in the order shown, each with its milliseconds.
    faithful
        Keep colours exactly.

    Raises
    ------
    InputError
        In one line: PyAV lacks the encoder, or the file cannot be written.
    """
    import av

    order, rate = _constant_rate(shown)
    if not faithful:
        padding = [(0, 0), (0, pixels.shape[1] % 2), (0, pixels.shape[2] % 2), (0, 0)]
        pixels = np.pad(pixels, padding, mode="edge")
    pictures = pixels if faithful else [yuv420(frame) for frame in pixels]
    try:
        with (
            atomic_write(path) as temporary,
            # Without "file:", a name such as 12:30.mp4 would be taken for an address.
            av.open(
                f"file:{temporary}", "w", format="mp4", options={"movflags": "+faststart"}
            ) as container,
        ):
            stream = container.add_stream(
                "libx264rgb" if faithful else "libx264",
                rate=rate,
                options=encoder_options(faithful=faithful),
            )
            stream.height, stream.width = pixels.shape[1:3]
            stream.pix_fmt = "rgb24" if faithful else "yuv420p"
            for time, index in enumerate(order):
                frame = av.VideoFrame.from_ndarray(pictures[index], format=stream.pix_fmt)
                frame.pts, frame.time_base = time, 1 / rate
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    except (av.FFmpegError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: cannot be encoded ({error})") from error


def _constant_rate(shown: Sequence[tuple[int, int]]) -> tuple[list[int], Fraction]:
    """Repeat frames so that each lasts its time at one rate; return their order and the rate."""
    tick = math.gcd(*(time for _, time in shown))
    parts = math.ceil(_LEAST_RATE * tick / 1000)
    order = [index for index, time in shown for _ in range(parts * time // tick)]
    return order, Fraction(1000 * parts, tick)


def encoder_options(*, faithful: bool = False) -> dict[str, str]:
    """Return x264's options: quality, and the tags that say which colours these are."""
    if faithful:
        return {"crf": "0", "preset": "slow"}
    names = ("colorspace", "color_primaries", "color_trc")
    tags = {**dict.fromkeys(names, "bt709"), "color_range": "tv"}
    return {"crf": "12", "preset": "slow", **tags}


def yuv420(frame: Pixels) -> Pixels:
    """Convert (H, W, 3), even sizes, to the planes (3 H / 2, W) of limited BT.709 in 4:2:0.

    Chroma is sited as H.264 assumes: between two rows, on the left of two columns.
    """
    colours = frame.astype(np.float32) / 255
    luma = colours @ _LUMA
    planes = [16 + 219 * luma]
    # Blue and red differences, scaled to [-1/2, 1/2].
    for channel in (2, 0):
        chroma = (colours[..., channel] - luma) / (2 - 2 * _LUMA[channel])
        chroma = (chroma[::2] + chroma[1::2]) / 2
        left = np.pad(chroma, [(0, 0), (1, 0)], mode="edge")[:, :-1:2]
        filtered = (left + 2 * chroma[:, ::2] + chroma[:, 1::2]) / 4
        planes.append(128 + 224 * filtered)
    flat = np.concatenate([plane.ravel() for plane in planes])
    return flat.round().astype(np.uint8).reshape(-1, frame.shape[1])
