"""Footage as intervals: what moves from one frame to the next, what stands still, what is cut.

A frame that is repeated, bit by bit, is one picture that is shown longer. Clips made at a
lower rate than they play repeat single frames: those are bridged, as if they were not there.
Longer repeats stand still, and so does what comes before a cut.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import torch
from torch import Tensor

from ..metrics import InputError

Kind = Literal["motion", "still", "last"]

LONGEST_REPEAT = 2
"""Repeats of one frame that are bridged: clips at a third of the rate that they play at."""


@dataclass(frozen=True)
class Interval:
    """What lies between two frames of footage.

    Attributes
    ----------
    index, span
        The number of the frame it starts with, from 0, and of frame times that it takes.
    start, end
        (3, H, W); of what stands still, and of the last frame, the same.
    kind
        ``"motion"``: something moves (or is cut); ``"still"``: nothing does; ``"last"``: the
        footage ends here.
    """

    index: int
    span: int
    start: Tensor
    end: Tensor
    kind: Kind


def intervals(frames: Iterable[Tensor]) -> Iterator[Interval]:
    """Divide footage (frames (3, H, W), one by one) into intervals, the last one included.

    Two frames are held at a time.

    Raises
    ------
    InputError
        There are no two different frames, or their sizes differ.
    """
    previous: Tensor | None = None
    first = index = -1
    moved = False
    for index, frame in enumerate(frames):
        if previous is None:
            previous, first = frame, 0
            continue
        if frame.shape != previous.shape:
            sizes = " and ".join(f"{x.shape[-1]} x {x.shape[-2]}" for x in (previous, frame))
            raise InputError(f"frames {index - 1} and {index} differ in size: {sizes} pixels")
        if torch.equal(frame, previous):
            continue
        moved = True
        if (repeats := index - first - 1) > LONGEST_REPEAT:
            yield Interval(first, repeats, previous, previous, "still")
            first += repeats
        yield Interval(first, index - first, previous, frame, "motion")
        previous, first = frame, index
    if previous is None or not moved:
        raise InputError("found no two different frames; expected footage")
    if index > first:
        yield Interval(first, index - first, previous, previous, "still")
    yield Interval(index, 0, previous, previous, "last")


def moments(interval: Interval, step: Fraction) -> list[tuple[int, Fraction]]:
    """Return which frames of the result lie in an interval: (number, time in [0, 1)).

    The result has a frame every ``step`` frame times of the footage; an interval's start
    belongs to it, its end to the next.
    """
    if interval.kind == "last":
        place = Fraction(interval.index) / step
        return [(int(place), Fraction(0))] if place.denominator == 1 else []
    number = math.ceil(interval.index / step)
    found = []
    while (time := number * step - interval.index) < interval.span:
        found.append((number, time / interval.span))
        number += 1
    return found


def transitions(times: Iterable[Fraction]) -> int:
    """Return in how many steps a path reaches times in [0, 1), each by a frame of its own.

    The least common denominator where that is at most twice what evenly spread times would
    take; else the latter, between whose frames the times then lie. At least 2.
    """
    known = list(times)
    exact = math.lcm(*(time.denominator for time in known)) if known else 1
    even = max(2, len(known) + 1)
    return max(2, exact) if exact <= 2 * even else even
