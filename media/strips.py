"""Pictures of a path: its frames side by side, and slices through them over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from ..metrics.errors import InputError
from .animation import frame_pixels
from .figure import save_figure
from .write import to_uint8

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_ACROSS = 12
_GAP = 8
# A power of two, so that pixels / dpi * dpi are the same pixels again.
_DPI = 128
# Small frames are enlarged by whole factors to at least about these widths.
_STRIP_WIDTH, _SLICE_WIDTH = 96, 192
# Colours that few photographs have; lines in them are edged with black.
_MARKS = ((1.0, 0.85, 0.0), (0.0, 0.85, 1.0), (1.0, 0.3, 0.85), (0.4, 1.0, 0.2))


def filmstrip(frames: Tensor, *, columns: int | None = None, gap: int = 2) -> Tensor:
    """Put frames (N, 3, H, W) side by side on white.

    Parameters
    ----------
    frames
        At least one frame.
    columns
        Frames per line; if not given, all up to 12, more in lines of about equal length.
    gap
        White pixels between frames.

    Returns
    -------
    Tensor
        (3, H', W').

    Raises
    ------
    InputError
        In one line: no frames, another shape, NaN, or no columns.
    """
    frames = _checked(frames)
    count, _, height, width = frames.shape
    if columns is None:
        columns = -(-count // -(-count // _ACROSS))
    if columns < 1 or gap < 0:
        raise InputError(f"columns {columns}, gap {gap}: expected at least 1 and 0")
    columns = min(columns, count)
    lines = -(-count // columns)
    strip = torch.ones(3, lines * (height + gap) - gap, columns * (width + gap) - gap)
    for index, frame in enumerate(frames):
        top, left = index // columns * (height + gap), index % columns * (width + gap)
        strip[:, top : top + height, left : left + width] = frame
    return strip


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
    frames = _checked(frames)
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
    frames = _checked(frames)
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


def save_filmstrip(path: Path, rows: Sequence[tuple[str, Tensor]]) -> None:
    """Save labelled filmstrips above each other; each pixel stays a square of whole pixels.

    Parameters
    ----------
    path
        The PNG file.
    rows
        Labels and frames (N, 3, H, W).

    Raises
    ------
    InputError
        In one line: no rows, unusable frames, or the file cannot be written.
    """
    if not rows:
        raise InputError("no rows of frames given; expected at least one")
    films = [_checked(frames) for _, frames in rows]
    largest = max(max(frames.shape[2:]) for frames in films)
    strips = [filmstrip(_enlarged(frames, _STRIP_WIDTH, largest)) for frames in films]
    text = _text_size(max(strip.shape[2] for strip in strips) // 3)
    panels: list[_Panel] = []
    top = 0
    for (label, _), strip in zip(rows, strips, strict=True):
        panels.append(_Panel(strip, label, top, 0))
        top += 2 * text + strip.shape[1]
    _save_panels(path, panels, text)


def save_scanlines(
    path: Path,
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
    frames = _checked(frames)
    rows = choose_rows(frames) if rows is None else list(rows)
    if not rows:
        raise InputError("no rows given; expected at least one")
    for row in rows:
        _check_row(row, frames.shape[2])
    columns = [("geodesic", frames)]
    if baseline is not None:
        columns.append(("cross-fade", _checked(baseline)))
        if columns[1][1].shape[1:] != frames.shape[1:]:
            raise InputError(
                f"baseline: found frames {tuple(baseline.shape[1:])}, expected"
                f" {tuple(frames.shape[1:])} as on the path"
            )
    columns = [(name, _enlarged(each, _SLICE_WIDTH, each.shape[3])) for name, each in columns]
    factor = columns[0][1].shape[3] // frames.shape[3]
    height, width = columns[0][1].shape[2:]
    text = _text_size(width)
    panels = [_Panel(_marked(columns[0][1][0], rows, factor), "first frame", 0, 0)]
    room = (height - 2 * text * (len(rows) - 1)) // len(rows)
    for column, (name, each) in enumerate(columns):
        top = 0
        left = width + _GAP + column * (width + 2 * _GAP)
        for index, row in enumerate(rows):
            part = scanline(each, row * factor + factor // 2, max(1, room // len(each)))
            key = torch.tensor(_MARKS[index % len(_MARKS)])[:, None, None]
            bar = key.expand(3, part.shape[1], _GAP // 2)
            slices = torch.cat([bar, part], 2)
            panels.append(_Panel(slices, f"{name}, row {row} (time ↓)", top, left))
            top += 2 * text + part.shape[1]
    _save_panels(path, panels, text)


@dataclass(frozen=True)
class _Panel:
    """A picture (3, H, W), the label above it, and where its labelled block begins."""

    image: Tensor
    label: str
    top: int
    left: int


def _save_panels(path: Path, panels: Sequence[_Panel], text: int) -> None:
    """Save pictures pixel by pixel on white, each below a label ``text`` pixels high."""
    above = 2 * text
    height = max(panel.top + above + panel.image.shape[1] for panel in panels) + _GAP
    width = max(panel.left + panel.image.shape[2] for panel in panels) + 2 * _GAP
    canvas = torch.ones(3, height, width)
    for panel in panels:
        top, left = panel.top + above, panel.left + _GAP
        canvas[:, top : top + panel.image.shape[1], left : left + panel.image.shape[2]] = (
            panel.image
        )

    def draw(figure: Figure) -> None:
        figure.figimage(to_uint8(canvas), origin="upper")
        for panel in panels:
            x, y = panel.left + _GAP, panel.top + 1.5 * text
            figure.text(x / width, 1 - y / height, panel.label, fontsize=text * 72 / _DPI)

    save_figure(path, draw, size=(width / _DPI, height / _DPI), dpi=_DPI, layout=None)


def _marked(image: Tensor, rows: Sequence[int], factor: int) -> Tensor:
    """Draw over the rows of an image that was enlarged by ``factor`` lines edged with black."""
    image = image.clone()
    for index, row in enumerate(rows):
        top, bottom = row * factor, row * factor + max(2, factor)
        image[:, max(0, top - 1) : bottom + 1] = 0
        image[:, top:bottom] = torch.tensor(_MARKS[index % len(_MARKS)])[:, None, None]
    return image


def _enlarged(frames: Tensor, width: int, current: int) -> Tensor:
    """Repeat pixels by the whole factor that takes ``current`` to at least ``width``."""
    factor = max(1, -(-width // current))
    return frames.repeat_interleave(factor, -2).repeat_interleave(factor, -1)


def _text_size(width: int) -> int:
    """Pixels of height of a label that suits a picture of this width."""
    return max(13, width // 32)


def _check_row(row: int, height: int) -> None:
    if not 0 <= row < height:
        raise InputError(f"row {row}: expected 0 to {height - 1}")


def _checked(frames: Tensor) -> Tensor:
    frame_pixels(frames)
    return frames.detach().to("cpu", torch.float32)
