"""What our own animations say of themselves: which frame is shown when.

An animation that plays forth and back, with frames held and repeated, is read as the path that
it was made of, by the text that `save_animation` writes into the file, and not by likeness.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from .stream import Frame

Shown = Sequence[tuple[int, Fraction]]
"""Indices of frames in the order shown, each with its milliseconds."""

_TEXT = re.compile(r"elpips frames:((?: \d+(?:-\d+)?\*\d+(?:/\d+)?)+)")
_MOST = 1_000_000
# A share of a frame's time by which the file may be longer or shorter.
_SLACK = Fraction(3, 4)


@dataclass(frozen=True)
class Timing:
    """When each frame of a path is shown first, and how long the whole lasts, in seconds."""

    starts: tuple[Fraction, ...]
    shortest: Fraction
    total: Fraction

    @property
    def middles(self) -> list[Fraction]:
        """Moments at which each frame is to be seen."""
        return [start + self.shortest / 2 for start in self.starts]


def describe(shown: Shown) -> str:
    """Return the text that says which frame is shown when: ``0*200 1-8*200 9*400``."""
    runs: list[tuple[int, int, Fraction]] = []
    for index, time in shown:
        if runs and runs[-1][1] + 1 == index and runs[-1][2] == time:
            runs[-1] = (runs[-1][0], index, time)
        else:
            runs.append((index, index, time))
    parts = [
        f"{first}*{time}" if first == last else f"{first}-{last}*{time}"
        for first, last, time in runs
    ]
    return f"elpips frames: {' '.join(parts)}"


def timing_of(text: str) -> Timing | None:
    """Read the text of `describe` in a file's comment; None where there is none that can be."""
    match = _TEXT.search(text)
    if match is None:
        return None
    starts: dict[int, Fraction] = {}
    at, times, count = Fraction(0), [], 0
    for part in match[1].split():
        indices, _, milliseconds = part.partition("*")
        first, _, last = indices.partition("-")
        denominator = milliseconds.partition("/")[2]
        if denominator and int(denominator) == 0:
            return None
        time = Fraction(milliseconds) / 1000
        count += int(last or first) - int(first) + 1
        if time <= 0 or not int(first) <= int(last or first) < _MOST or count > _MOST:
            return None
        for index in range(int(first), int(last or first) + 1):
            starts.setdefault(index, at)
            at += time
        times.append(time)
    if sorted(starts) != list(range(len(starts))):
        return None
    return Timing(tuple(starts[index] for index in range(len(starts))), min(times), at)


def pick(frames: Iterable[Frame], timing: Timing) -> Iterator[Frame]:
    """Yield of the frames of a file those of the path, each where it is shown first.

    Raises
    ------
    ValueError
        The file does not last as long as the text says, or its frames have no times.
    """
    wanted = iter(timing.middles)
    moment = next(wanted, None)
    before: Frame | None = None
    end: Fraction | None = None
    for frame in frames:
        if frame.time is None:
            raise ValueError("no times")
        while before is not None and moment is not None and moment < frame.time:
            yield before
            moment = next(wanted, None)
        before = frame
        end = frame.time + (frame.duration or timing.shortest)
    while before is not None and moment is not None:
        yield before
        moment = next(wanted, None)
    if end is None or abs(end - timing.total) > _SLACK * timing.shortest:
        raise ValueError("another length")
