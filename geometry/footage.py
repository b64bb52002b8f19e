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

_ROUNDING = Fraction(1, 5)
_ASTRAY = Fraction(1, 2)


@dataclass(frozen=True)
class Interval:
    """What lies between two frames of footage.

    Attributes
    ----------
    begin, span
        When it begins and how long it takes, in frame times since the first frame.
    start, end
        (3, H, W); of what stands still, and of the last frame, the same.
    kind
        ``"motion"``: something moves (or is cut); ``"still"``: nothing does; ``"last"``: the
        footage ends here.
    """

    begin: Fraction
    span: Fraction
    start: Tensor
    end: Tensor
    kind: Kind


def placed(
    frames: Iterable[tuple[Fraction | None, Tensor]], rate: Fraction
) -> Iterator[tuple[Fraction, Tensor]]:
    """Place frames, given with their times in seconds, in frame times since the first.

    One frame time, of which there are ``rate`` a second, after the one before, unless the times
    say clearly otherwise: they are rounded in many files, and the rate is a mean. A frame whose
    time is not known, or not after the one before, comes one frame time after it.
    """
    place, offset = Fraction(-1), Fraction(0)
    before: Fraction | None = None
    for time, frame in frames:
        step = Fraction(1)
        if time is not None and before is not None and time > before:
            exact = (time - before) * rate
            step = Fraction(max(1, round(exact)))
            if abs(exact - step) > _ROUNDING:
                step = exact
            elif abs(astray := time * rate + offset - place - step) > _ASTRAY:
                # Small errors of one sign add up; whole frame times keep the others even.
                step = max(Fraction(1), step + round(astray))
        elif time is not None:
            offset = place + 1 - time * rate
        before = time
        place += step
        yield place, frame


def intervals(frames: Iterable[tuple[Fraction, Tensor]]) -> Iterator[Interval]:
    """Divide footage into intervals, the last one included.

    Parameters
    ----------
    frames
        One by one, the frame time at which each is first shown, from 0, and it, (3, H, W). Two
        are held at a time. A gap is as good as repeats of the frame before it.

    Raises
    ------
    InputError
        There are no two different frames, or their sizes differ.
    """
    previous: Tensor | None = None
    first = place = Fraction(0)
    moved = False
    for index, (place, frame) in enumerate(frames):
        if previous is None:
            previous, first = frame, place
            continue
        if frame.shape != previous.shape:
            sizes = " and ".join(f"{x.shape[-1]} x {x.shape[-2]}" for x in (previous, frame))
            raise InputError(f"frames {index - 1} and {index} differ in size: {sizes} pixels")
        if torch.equal(frame, previous):
            continue
        moved = True
        if (repeats := place - first - 1) > LONGEST_REPEAT:
            yield Interval(first, repeats, previous, previous, "still")
            first += repeats
        yield Interval(first, place - first, previous, frame, "motion")
        previous, first = frame, place
    if previous is None or not moved:
        raise InputError("found no two different frames; expected footage")
    if place > first:
        yield Interval(first, place - first, previous, previous, "still")
    yield Interval(place, Fraction(0), previous, previous, "last")


def moments(interval: Interval, step: Fraction) -> list[tuple[int, Fraction]]:
    """Return which frames of the result lie in an interval: (number, time in [0, 1)).

    The result has a frame every ``step`` frame times of the footage; an interval's start
    belongs to it, its end to the next.
    """
    if interval.kind == "last":
        place = interval.begin / step
        return [(int(place), Fraction(0))] if place.denominator == 1 else []
    number = math.ceil(interval.begin / step)
    found = []
    while (time := number * step - interval.begin) < interval.span:
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
