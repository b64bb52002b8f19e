"""Frames as animations: which frame is shown when, and the file by its suffix."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch import Tensor

from ..metrics.errors import InputError
from .gif import write_gif
from .mp4 import write_mp4
from .write import frame_pixels

ANIMATIONS = (".gif", ".mp4")
"""Endings of the names of what `save_animation` writes."""

# Browsers take shorter GIF frames for 100 ms; the format has 16 bits of hundredths.
_SHORTEST, _LONGEST = 20, 655_350


@dataclass(frozen=True)
class AnimationOptions:
    """How frames become animations.

    Attributes
    ----------
    duration
        Milliseconds per frame.
    hold
        Milliseconds for which the far end is shown.
    boomerang
        Play forth and back.
    faithful
        Keep the MP4's colours exactly, for players that can (4:4:4).
    """

    duration: int = 200
    hold: int = 400
    boomerang: bool = True
    faithful: bool = False


def forth_and_back(count: int) -> list[int]:
    """Return 0 .. N-1 .. 1, the order in which N frames play forth and back in a loop.

    Frame 0 is not repeated at the end: the next turn of the loop begins with it.
    """
    return [*range(count), *range(count - 2, 0, -1)]


def timeline(
    count: int,
    options: AnimationOptions | None = None,
    *,
    loop_hold: int | None = None,
    **overrides: Any,
) -> list[tuple[int, int]]:
    """Return the frames in the order shown, each with its milliseconds.

    Parameters
    ----------
    count
        Number of frames, at least one.
    options
        Times and order.
    loop_hold
        Milliseconds for the first frame; `duration` if not given.
    **overrides
        Fields of `AnimationOptions` that replace those of `options`.

    Returns
    -------
    list of (int, int)
        Indices and milliseconds, rounded to the 10 ms that a GIF can tell apart.

    Raises
    ------
    InputError
        A time is not within 20 and 655,350 ms.
    """
    options = replace(options or AnimationOptions(), **overrides)
    first = options.duration if loop_hold is None else loop_hold
    times = {"duration": options.duration, "hold": options.hold, "loop_hold": first}
    for name, value in times.items():
        if not _SHORTEST <= value <= _LONGEST:
            raise InputError(f"{name} {value}: expected {_SHORTEST} to {_LONGEST} milliseconds")
    middle, last, first = (int(value / 10 + 0.5) * 10 for value in times.values())
    held = {0: first, count - 1: last}
    order = forth_and_back(count) if options.boomerang else range(count)
    return [(index, held.get(index, middle)) for index in order]


def save_animation(
    path: str | os.PathLike[str],
    frames: Tensor,
    options: AnimationOptions | None = None,
    *,
    loop_hold: int | None = None,
    repeats: int = 1,
    **overrides: Any,
) -> None:
    """Write frames (N, 3, H, W) in [0, 1] as an animation, whole or not at all.

    The suffix says as what: ``.gif``, a GIF that loops for ever, with one palette for all
    frames (up to 256 colours are kept exactly), or ``.mp4``, a video in H.264 that every
    player reads.

    Parameters
    ----------
    path
        The file.
    frames
        At least one frame.
    options
        Times, order and colours.
    loop_hold
        Milliseconds for the first frame; `duration` if not given.
    repeats
        How often an MP4 plays all of it, for players that do not loop.
    **overrides
        Fields of `AnimationOptions` that replace those of `options`: ``duration=100``.

    Raises
    ------
    InputError
        In one line: a suffix that is not known, no frames, another shape, NaN, numbers out of
        range, no encoder, or the file cannot be written.
    """
    options = replace(options or AnimationOptions(), **overrides)
    suffix = Path(path).suffix.lower()
    if suffix not in ANIMATIONS:
        raise InputError(f"{path}: expected a name that ends in {' or '.join(ANIMATIONS)}")
    if repeats < 1:
        raise InputError(f"repeats {repeats}: expected at least 1")
    pixels = frame_pixels(frames)
    shown = timeline(len(pixels), options, loop_hold=loop_hold)
    if suffix == ".gif":
        write_gif(path, pixels, shown)
    else:
        write_mp4(path, pixels, shown * repeats, faithful=options.faithful)
