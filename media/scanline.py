"""Slices through the frames of a path over time: one row of pixels, time downward."""

from __future__ import annotations

import os
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from ..metrics.errors import InputError
from .panel import GAP, Panel, checked, enlarged, save_panels, text_size

# Small frames are enlarged by whole factors to at least about this width.
_WIDTH = 192
# Colours that few photographs have; lines in them are edged with black.
_MARKS = ((1.0, 0.85, 0.0), (0.0, 0.85, 1.0), (1.0, 0.3, 0.85), (0.4, 1.0, 0.2))


def scanline(frames: Tensor, row: int, height_per_frame: int | None = None) -> Tensor:
    """Stack one row of pixels of each frame, time downward: an x-t slice.

    Parameters
    ----------
    frames
        (N, 3, H, W).
    row
        The row, 0 to H - 1.
    height_per_frame
        Rows of pixels that each frame fills; if not given, so many that the slice is about
        as high as a frame.

    Returns
    -------
    Tensor
        (3, N * height_per_frame, W).

    Raises
    ------
    InputError
        In one line: no frames, another shape, NaN, or no such row.
    """
    frames = checked(frames)
    count, _, height, _ = frames.shape
    _check_row(row, height)
    if height_per_frame is None:
        height_per_frame = max(1, round(height / count))
    if height_per_frame < 1:
        raise InputError(f"height_per_frame {height_per_frame}: expected at least 1")
    return frames[:, :, row].permute(1, 0, 2).repeat_interleave(height_per_frame, 1)


def choose_rows(frames: Tensor, count: int = 2) -> list[int]:
    """Choose the rows whose slices show most, top to bottom.

    A row counts by the product of its variation over time and along itself, averaged over
    neighbouring rows: a row that only changes its brightness shows no more than one that
    stands still. The best row is taken, then the best at least H/4 away from it, and so on; the
    distance is halved until there is room for all. Rows within H/16 of the borders are left out.

    Parameters
    ----------
    frames
        (N, 3, H, W).
    count
        Number of rows.

    Returns
    -------
    list of int

    Raises
    ------
    InputError
        In one line: no frames, another shape, NaN, or not so many rows.
    """
    frames = checked(frames)
    height = frames.shape[2]
    border = height // 16
    if not 1 <= count <= height - 2 * border:
        raise InputError(f"count {count}: expected 1 to {height - 2 * border} rows")
    over_time = frames.var(0, correction=0).mean((0, 2))
    along = frames.var(3, correction=0).mean((0, 1))
    reach = max(1, height // 64)
    score = F.pad((over_time * along).sqrt()[None, None], (reach, reach), mode="replicate")
    score = F.avg_pool1d(score, 2 * reach + 1, 1)[0, 0, border : height - border]
    best = [int(index) + border for index in score.argsort(descending=True, stable=True)]
    distance = max(1, -(-height // 4))
    while True:
        rows: list[int] = []
        for row in best:
            if len(rows) < count and all(abs(row - other) >= distance for other in rows):
                rows.append(row)
        if len(rows) == count:
            return sorted(rows)
        distance //= 2


def save_scanlines(
    path: str | os.PathLike[str],
    frames: Tensor,
    rows: Sequence[int] | None = None,
    baseline: Tensor | None = None,
) -> None:
    """Save the first frame with rows marked, and beside it the slices over time there.

    Parameters
    ----------
    path
        The PNG file.
    frames
        The path, (N, 3, H, W).
    rows
        The rows; chosen by `choose_rows` if not given.
    baseline
        Frames of the cross-fade, of the same size, for a second column of slices.

    Raises
    ------
    InputError
        In one line: unusable frames, no such row, or the file cannot be written.
    """
    frames = checked(frames)
    rows = choose_rows(frames) if rows is None else list(rows)
    if not rows:
        raise InputError("no rows given; expected at least one")
    for row in rows:
        _check_row(row, frames.shape[2])
    columns = [("geodesic", frames)]
    if baseline is not None:
        columns.append(("cross-fade", checked(baseline)))
        if columns[1][1].shape[1:] != frames.shape[1:]:
            raise InputError(
                f"baseline: found frames {tuple(baseline.shape[1:])}, expected"
                f" {tuple(frames.shape[1:])} as on the path"
            )
    columns = [(name, enlarged(each, _WIDTH, each.shape[3])) for name, each in columns]
    factor = columns[0][1].shape[3] // frames.shape[3]
    height, width = columns[0][1].shape[2:]
    text = text_size(width)
    panels = [Panel(_marked(columns[0][1][0], rows, factor), "first frame", 0, 0)]
    room = (height - 2 * text * (len(rows) - 1)) // len(rows)
    for column, (name, each) in enumerate(columns):
        top = 0
        left = width + GAP + column * (width + 2 * GAP)
        for index, row in enumerate(rows):
            part = scanline(each, row * factor + factor // 2, max(1, room // len(each)))
            key = torch.tensor(_MARKS[index % len(_MARKS)])[:, None, None]
            bar = key.expand(3, part.shape[1], GAP // 2)
            slices = torch.cat([bar, part], 2)
            panels.append(Panel(slices, f"{name}, row {row} (time ↓)", top, left))
            top += 2 * text + part.shape[1]
    save_panels(path, panels, text)


def _marked(image: Tensor, rows: Sequence[int], factor: int) -> Tensor:
    """Draw over the rows of an image that was enlarged by ``factor`` lines edged with black."""
    image = image.clone()
    for index, row in enumerate(rows):
        top, bottom = row * factor, row * factor + max(2, factor)
        image[:, max(0, top - 1) : bottom + 1] = 0
        image[:, top:bottom] = torch.tensor(_MARKS[index % len(_MARKS)])[:, None, None]
    return image


def _check_row(row: int, height: int) -> None:
    if not 0 <= row < height:
        raise InputError(f"row {row}: expected 0 to {height - 1}")
