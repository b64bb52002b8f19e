"""The pictures of a report: as many as it has room for, and what is left out said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from ...media.alpha import on_checkers
from ...media.crop import resize_short_side
from ...media.read import read_image
from ...media.report import picture_url

MOST_FRAMES = 121
"""Frames of one path that a report shows."""

MOST_BYTES = 18_000_000
"""Characters of pictures in a report, all runs together: what a mail may carry."""

LONGEST_SIDE = 1024
"""Pictures with a longer side are scaled down to it."""

_FEWEST = 5


@dataclass(frozen=True)
class Shown:
    """Frames in a report.

    Attributes
    ----------
    urls
        The pictures.
    at
        Their numbers, from 0, among all.
    total
        How many there are in all.
    note
        What was left out, or "".
    """

    urls: list[str]
    at: list[int]
    total: int
    note: str


def show_frames(
    paths: Sequence[Path],
    *,
    keep: Sequence[int] = (),
    consecutive: bool = False,
    most_bytes: int = MOST_BYTES,
) -> Shown:
    """Read the frames that a report has room for.

    Parameters
    ----------
    paths
        The files of all frames.
    keep
        Numbers of those that must be among them, besides the first and the last.
    consecutive
        Take the first so many, as of footage, and not evenly spaced ones.
    most_bytes
        Room for them, in characters.
    """
    total = len(paths)
    found = {index: show_picture(paths[index]) for index in {0, total // 2, total - 1}}
    room = max(_FEWEST, int(most_bytes / max(len(url) for url, _ in found.values())))
    count = min(total, MOST_FRAMES, room)
    if consecutive:
        at = list(range(count))
    else:
        even = {round(index * (total - 1) / max(1, count - 1)) for index in range(count)}
        at = sorted({*even, *(each for each in keep if 0 <= each < total)})
    pictures = [found.get(index) or show_picture(paths[index]) for index in at]
    notes = []
    if count < total:
        which = f"the first {count}" if consecutive else f"{len(at)} evenly spaced ones"
        notes.append(f"Of {total} frames this page shows {which}; all are in the run's folder.")
    if pictures[0][1]:
        notes.append(f"Pictures are scaled down to {LONGEST_SIDE} pixels.")
    return Shown([url for url, _ in pictures], at, total, " ".join(notes))


def read_shown(path: Path) -> Tensor:
    """Read a picture (3, H, W) of a run; one with transparency is over checkers."""
    return on_checkers(read_image(path, alpha="keep"))


def show_picture(path: Path) -> tuple[str, bool]:
    """Return a picture as a report has it, and whether it was scaled down."""
    image = read_shown(path)
    long = max(image.shape[1:])
    if long <= LONGEST_SIDE:
        return picture_url(image), False
    short = round(min(image.shape[1:]) * LONGEST_SIDE / long)
    return picture_url(resize_short_side(image, max(1, short))), True
