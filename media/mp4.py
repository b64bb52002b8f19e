"""H.264 video in MP4, with colours that every player shows alike."""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from typing import Any

import numpy as np

from ..metrics.errors import InputError
from ..metrics.files import atomic_write
from .record import Shown, describe
from .write import Pixels

# Some players stumble over, or cut, videos of a few frames per second.
_LEAST_RATE = 25
_MOST_RATE = 120
_LUMA = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)


def write_mp4(
    path: str | os.PathLike[str],
    pixels: Pixels,
    shown: Shown,
    *,
    faithful: bool = False,
    rate: Fraction | None = None,
) -> None:
    """Write frames as H.264 in MP4.

    The frame rate is constant, ``rate`` where it is given. Else it is at least 25 per second: a
    frame of 200 ms is five of the video's. Frames whose times no rate up to 120 tells together
    are shown for the nearest number of the video's, the usual time being kept exactly.

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
    rate
        Frames per second.

    Raises
    ------
    InputError
        In one line: PyAV lacks the encoder, or the file cannot be written.
    """
    order, rate = constant_rate(shown, rate)
    encode_video(
        path,
        rgb_pictures(pixels, order) if faithful else yuv_pictures(pixels, order),
        rate,
        h264(faithful=faithful),
        comment=describe(shown_at(order, rate)),
    )


@dataclass(frozen=True)
class Codec:
    """FFmpeg's names: of the container, the encoder, the pixels, and options of both."""

    form: str
    encoder: str
    pixels: str
    options: dict[str, str]
    container: dict[str, str]


def encode_video(
    path: str | os.PathLike[str],
    pictures: Iterator[tuple[Pixels, str]],
    rate: Fraction,
    codec: Codec,
    *,
    comment: str = "",
    sound: Callable[[Any], Callable[[Fraction], None]] | None = None,
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Write pictures, each with FFmpeg's name of its pixels, whole or not at all.

    FFmpeg would take a name such as 12:30.mp4 for an address, and is told that it is none.

    Parameters
    ----------
    path
        The file.
    pictures
        One or more, of one size; one is held at a time.
    rate
        Pictures per second.
    codec
        How they are encoded.
    comment
        Written into the file beside the pictures.
    sound
        Takes the container that is being written, adds what goes with the pictures to it, and
        returns what writes that up to a time in seconds.
    metadata
        Tags of the pictures' track.

    Raises
    ------
    InputError
        In one line: PyAV lacks the encoder, or the file cannot be written.
    """
    import av

    try:
        with (
            atomic_write(path) as temporary,
            # "file:" makes all that follows a name; MP4's index is moved by opening it again.
            av.open(
                f"file:{temporary}", "w", format=codec.form, options=codec.container
            ) as container,
        ):
            container.metadata["comment"] = comment
            stream: Any = container.add_stream(codec.encoder, rate=rate, options=codec.options)
            stream.metadata.update(metadata or {})
            write_sound = sound(container) if sound else lambda time: None
            time = -1
            for time, (picture, stored) in enumerate(pictures):
                frame = _frame(picture, stored)
                if time == 0:
                    stream.height, stream.width = frame.height, frame.width
                    stream.pix_fmt = codec.pixels
                write_sound(time / rate)
                if stored != codec.pixels:
                    frame = frame.reformat(format=codec.pixels)
                frame.pts, frame.time_base = time, 1 / rate
                container.mux(stream.encode(frame))
            if time < 0:
                raise InputError(f"{path}: found no pictures, expected one or more")
            container.mux(stream.encode(None))
            write_sound((time + 1) / rate)
    except (av.FFmpegError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: cannot be encoded ({error})") from error


def _frame(picture: Pixels, stored: str) -> Any:
    """Return a picture as PyAV has it, which takes no planes with alpha."""
    import av

    if stored != "yuva420p":
        return av.VideoFrame.from_ndarray(picture, format=stored)
    width, height = picture.shape[1], 2 * picture.shape[0] // 5
    sizes = ((height, width), *[(height // 2, width // 2)] * 2, (height, width))
    ends = np.cumsum([rows * columns for rows, columns in sizes])
    frame = av.VideoFrame(width, height, stored)
    parts = np.split(picture.ravel(), ends[:-1])
    for plane, part, (rows, columns) in zip(frame.planes, parts, sizes, strict=True):
        whole = np.zeros((rows, plane.line_size), np.uint8)
        whole[:, :columns] = part.reshape(rows, columns)
        plane.update(whole.tobytes())
    return frame


def rgb_pictures(pixels: Pixels, order: Sequence[int]) -> Iterator[tuple[Pixels, str]]:
    """Yield frames (N, H, W, 3) in an order, as they are."""
    return ((pixels[index], "rgb24") for index in order)


def yuv_pictures(pixels: Pixels, order: Sequence[int]) -> Iterator[tuple[Pixels, str]]:
    """Yield frames (N, H, W, 3) in an order, as `yuv420` makes them."""
    pictures = [yuv420(frame) for frame in pixels]
    return ((pictures[index], "yuv420p") for index in order)


def constant_rate(shown: Shown, rate: Fraction | None = None) -> tuple[list[int], Fraction]:
    """Repeat frames so that each lasts its time at one rate; return their order and the rate."""
    if rate is None:
        times = [time for _, time in shown]
        denominator = math.lcm(*(time.denominator for time in times))
        tick = Fraction(math.gcd(*(int(time * denominator) for time in times)), denominator)
        rate = _rate(tick)
        if rate > _MOST_RATE:
            rate = _rate(Counter(times).most_common(1)[0][0])
    counts = [(index, max(1, round(time * rate / 1000))) for index, time in shown]
    return [index for index, count in counts for _ in range(count)], rate


def _rate(tick: Fraction) -> Fraction:
    """Return the frame rate of which so many milliseconds are a whole number of frames."""
    return 1000 * math.ceil(_LEAST_RATE * tick / 1000) / tick


def shown_at(order: Sequence[int], rate: Fraction) -> list[tuple[int, Fraction]]:
    """Return which frame is shown for how many milliseconds, of frames in order at a rate."""
    return [(index, len(list(run)) * 1000 / rate) for index, run in groupby(order)]


def h264(*, faithful: bool = False) -> Codec:
    """Return H.264 in MP4: quality, and the tags that say which colours these are."""
    container = {"movflags": "+faststart"}
    if faithful:
        return Codec("mp4", "libx264rgb", "rgb24", {"crf": "0", "preset": "slow"}, container)
    names = ("colorspace", "color_primaries", "color_trc")
    tags = {**dict.fromkeys(names, "bt709"), "color_range": "tv"}
    options = {"crf": "12", "preset": "slow", **tags}
    return Codec("mp4", "libx264", "yuv420p", options, container)


def yuv420(frame: Pixels) -> Pixels:
    """Convert (H, W, 3) to the planes (3 H / 2, W) of limited BT.709 in 4:2:0.

    Odd sizes gain a copy of the last row or column. Chroma is sited as H.264 assumes: between
    two rows, on the left of two columns.
    """
    height, width = frame.shape[:2]
    frame = np.pad(frame, [(0, height % 2), (0, width % 2), (0, 0)], mode="edge")
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
