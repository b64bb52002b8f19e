"""Filmstrips: the frames of a path side by side."""

from __future__ import annotations

import os
from collections.abc import Sequence

import torch
from torch import Tensor

from ..metrics.errors import InputError
from .panel import Panel, checked, enlarged, save_panels, text_size

_ACROSS = 12
# Small frames are enlarged by whole factors to at least about this width.
_WIDTH = 96


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
    frames = checked(frames)
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


def save_filmstrip(path: str | os.PathLike[str], rows: Sequence[tuple[str, Tensor]]) -> None:
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
    films = [checked(frames) for _, frames in rows]
    largest = max(max(frames.shape[2:]) for frames in films)
    strips = [filmstrip(enlarged(frames, _WIDTH, largest)) for frames in films]
    text = text_size(max(strip.shape[2] for strip in strips) // 3)
    panels: list[Panel] = []
    top = 0
    for (label, _), strip in zip(rows, strips, strict=True):
        panels.append(Panel(strip, label, top, 0))
        top += 2 * text + strip.shape[1]
    save_panels(path, panels, text)
