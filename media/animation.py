"""Frames as animations: which frame is shown when, and the file by its suffix."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from torch import Tensor

from ..metrics.errors import InputError
from ..rgba import has_alpha
from .alpha import on_checkers
from .animated import write_animated
from .gif import write_gif
from .mp4 import write_mp4
from .webm import write_webm
from .write import frame_pixels

ANIMATIONS = (".gif", ".mp4", ".webm", ".webp", ".apng")
"""Endings of the names of what `save_animation` writes."""

_logger = logging.getLogger("elpips")
_SHORTEST, _LONGEST = 1, 655_350
_CLEAR = (".webp", ".apng", ".webm")


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
        Keep the colours of videos exactly, for players that can (4:4:4).
    fps
        Frames per second, instead of DURATION; videos play at exactly this rate.
    """

    duration: int = 200
    hold: int = 400
    boomerang: bool = True
    faithful: bool = False
    fps: float | None = None

    @property
    def rate(self) -> Fraction | None:
        """The frames per second asked for, if they are."""
        return None if self.fps is None else Fraction(self.fps).limit_denominator(10_000)

    @property
    def milliseconds(self) -> Fraction:
        """The milliseconds per frame."""
        return Fraction(self.duration) if self.rate is None else 1000 / self.rate


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
) -> list[tuple[int, Fraction]]:
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
    list of (int, Fraction)
        Indices and milliseconds.

    Raises
    ------
    InputError
        A time is not within 1 and 655,350 ms.
    """
    options = replace(options or AnimationOptions(), **overrides)
    fps = options.fps
    if fps is not None and not 1000 / _LONGEST <= fps <= 1000 / _SHORTEST:
        raise InputError(f"fps {fps}: expected {1000 / _LONGEST:.4f} to {1000 // _SHORTEST}")
    middle = options.milliseconds
    first = middle if loop_hold is None else Fraction(loop_hold)
    for name, value in (("duration", middle), ("hold", options.hold), ("loop_hold", first)):
        if not _SHORTEST <= value <= _LONGEST:
            raise InputError(f"{name} {value}: expected {_SHORTEST} to {_LONGEST} milliseconds")
    held = {0: first, count - 1: Fraction(options.hold)}
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

    Transparency of frames (N, 4, H, W) is kept by WebP, APNG and WebM (not ``faithful``); others
    show it over checkers, which is told as a warning of the logger "elpips".

    The suffix says as what: ``.gif``, a GIF that loops for ever, with one palette for all
    frames (up to 256 colours are kept exactly); ``.mp4``, a video in H.264 that every player
    reads; ``.webm``, one in VP9, or in AV1 where PyAV lacks that; ``.webp`` and ``.apng``, which
    loop for ever and keep all colours exactly. Times that a format cannot tell are rounded, and
    that is told as a warning of the logger "elpips".

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
        How often a video plays all of it, for players that do not loop.
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
    if has_alpha(frames) and (suffix not in _CLEAR or (suffix == ".webm" and options.faithful)):
        _logger.warning(
            "%s: transparency is shown over checkers; webp, apng and webm keep it", path
        )
        pixels = frame_pixels(on_checkers(frames))
    shown = timeline(len(pixels), options, loop_hold=loop_hold)
    if suffix == ".gif":
        write_gif(path, pixels, shown)
    elif suffix in (".webp", ".apng"):
        write_animated(path, pixels, shown)
    else:
        write = write_mp4 if suffix == ".mp4" else write_webm
        write(path, pixels, shown * repeats, faithful=options.faithful, rate=options.rate)
