"""Frames as animations: GIF with one palette, and H.264 video."""

from __future__ import annotations

import math
import os
from fractions import Fraction

import numpy as np
import numpy.typing as npt
from PIL import Image
from torch import Tensor

from ..metrics.errors import InputError
from ..metrics.files import atomic_write
from .palette import quantize
from .write import to_uint8

Pixels = npt.NDArray[np.uint8]

# Browsers take shorter GIF frames for 100 ms; the format has 16 bits of hundredths.
_SHORTEST, _LONGEST = 20, 655_350
# Some players stumble over, or cut, videos of a few frames per second.
_LEAST_RATE = 25
_LUMA = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)


def forth_and_back(count: int) -> list[int]:
    """Return 0 .. N-1 .. 1, the order in which N frames play forth and back in a loop.

    Frame 0 is not repeated at the end: the next turn of the loop begins with it.
    """
    return [*range(count), *range(count - 2, 0, -1)]


def timeline(
    count: int,
    *,
    duration: int = 200,
    hold: int = 400,
    loop_hold: int | None = None,
    boomerang: bool = True,
) -> list[tuple[int, int]]:
    """Return the frames in the order shown, each with its milliseconds.

    Parameters
    ----------
    count
        Number of frames, at least one.
    duration
        Milliseconds per frame.
    hold
        Milliseconds for the last frame, the far end.
    loop_hold
        Milliseconds for the first frame; `duration` if not given.
    boomerang
        Play back from the last frame too, see `forth_and_back`.

    Returns
    -------
    list of (int, int)
        Indices and milliseconds, rounded to the 10 ms that a GIF can tell apart.

    Raises
    ------
    InputError
        A time is not within 20 and 655,350 ms.
    """
    first = duration if loop_hold is None else loop_hold
    times = {"duration": duration, "hold": hold, "loop_hold": first}
    for name, value in times.items():
        if not _SHORTEST <= value <= _LONGEST:
            raise InputError(f"{name} {value}: expected {_SHORTEST} to {_LONGEST} milliseconds")
    middle, last, first = (int(value / 10 + 0.5) * 10 for value in times.values())
    held = {0: first, count - 1: last}
    order = forth_and_back(count) if boomerang else range(count)
    return [(index, held.get(index, middle)) for index in order]


def save_gif(
    path: str | os.PathLike[str],
    frames: Tensor,
    *,
    duration: int = 200,
    hold: int = 400,
    loop_hold: int | None = None,
    boomerang: bool = True,
) -> None:
    """Write frames (N, 3, H, W) in [0, 1] as a GIF that loops for ever.

    One palette serves all frames (see `scripts.palette`): up to 256 colours are kept exactly.
    Equal frames in a row are stored as one that is shown as long as all of them.

    Parameters
    ----------
    path
        The file.
    frames
        At least one frame.
    duration, hold, loop_hold, boomerang
        How long each frame is shown and in which order, see `timeline`.

    Raises
    ------
    InputError
        In one line: no frames, another shape, NaN, times out of range, or the file cannot be
        written.
    """
    pixels = frame_pixels(frames)
    shown = timeline(
        len(pixels), duration=duration, hold=hold, loop_hold=loop_hold, boomerang=boomerang
    )
    indices, palette = quantize(pixels)
    size = (pixels.shape[2], pixels.shape[1])
    images = []
    for index, _ in shown:
        image = Image.frombytes("P", size, indices[index].tobytes())
        image.putpalette(palette)
        images.append(image)
    with atomic_write(path) as temporary:
        images[0].save(
            temporary,
            format="GIF",
            save_all=True,
            append_images=images[1:],
            duration=[time for _, time in shown],
            loop=0,
            # Without it, every frame would get a palette of its own.
            palette=palette,
            optimize=False,
        )


def save_mp4(
    path: str | os.PathLike[str],
    frames: Tensor,
    *,
    duration: int = 200,
    hold: int = 400,
    loop_hold: int | None = None,
    boomerang: bool = True,
    faithful: bool = False,
    repeats: int = 1,
) -> None:
    """Write frames (N, 3, H, W) in [0, 1] as H.264 in MP4, as long as the GIF.

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
    frames
        At least one frame.
    duration, hold, loop_hold, boomerang
        How long each frame is shown and in which order, see `timeline`.
    faithful
        Keep colours exactly.
    repeats
        How often the video plays all of it, for players that do not loop.

    Raises
    ------
    InputError
        In one line: no frames, another shape, NaN, numbers out of range, PyAV lacks the
        encoder, or the file cannot be written.
    """
    import av

    pixels = frame_pixels(frames)
    if repeats < 1:
        raise InputError(f"repeats {repeats}: expected at least 1")
    shown = timeline(
        len(pixels), duration=duration, hold=hold, loop_hold=loop_hold, boomerang=boomerang
    )
    order, rate = _constant_rate(shown)
    if not faithful:
        padding = [(0, 0), (0, pixels.shape[1] % 2), (0, pixels.shape[2] % 2), (0, 0)]
        pixels = np.pad(pixels, padding, mode="edge")
    pictures = pixels if faithful else [_yuv420(frame) for frame in pixels]
    try:
        with (
            atomic_write(path) as temporary,
            av.open(
                str(temporary), "w", format="mp4", options={"movflags": "+faststart"}
            ) as container,
        ):
            stream = container.add_stream(
                "libx264rgb" if faithful else "libx264", rate=rate, options=_options(faithful)
            )
            stream.height, stream.width = pixels.shape[1:3]
            stream.pix_fmt = "rgb24" if faithful else "yuv420p"
            for time, index in enumerate(order * repeats):
                frame = av.VideoFrame.from_ndarray(pictures[index], format=stream.pix_fmt)
                frame.pts, frame.time_base = time, 1 / rate
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    except (av.FFmpegError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: cannot be encoded ({error})") from error


def frame_pixels(frames: Tensor) -> Pixels:
    """Check frames (N, 3, H, W) in [0, 1] and round them to (N, H, W, 3) in 0 to 255.

    Raises
    ------
    InputError
        In one line: no frames, another shape, NaN or infinite values.
    """
    if frames.ndim != 4 or frames.shape[1] != 3 or 0 in frames.shape:
        raise InputError(
            f"frames: found the shape {tuple(frames.shape)}, expected (N, 3, H, W) with N > 0"
        )
    try:
        return np.ascontiguousarray(to_uint8(frames))
    except ValueError as error:
        raise InputError(f"frames: {error}") from None


def _constant_rate(shown: list[tuple[int, int]]) -> tuple[list[int], Fraction]:
    """Repeat frames so that each lasts its time at one rate; return their order and the rate."""
    tick = math.gcd(*(time for _, time in shown))
    parts = math.ceil(_LEAST_RATE * tick / 1000)
    order = [index for index, time in shown for _ in range(parts * time // tick)]
    return order, Fraction(1000 * parts, tick)


def _options(faithful: bool) -> dict[str, str]:
    if faithful:
        return {"crf": "0", "preset": "slow"}
    names = ("colorspace", "color_primaries", "color_trc")
    tags = {**dict.fromkeys(names, "bt709"), "color_range": "tv"}
    return {"crf": "12", "preset": "slow", **tags}


def _yuv420(frame: Pixels) -> Pixels:
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
