"""Grids of captioned pictures with zoomed crops, as one PNG."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import Tensor

from ..metrics.errors import InputError
from .alpha import on_checkers
from .crop import center_crop
from .figure import LITERAL, caption, save_figure
from .write import to_uint8

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Cell:
    """A picture (3, H, W) in [0, 1], or (4, H, W) shown over checkers, and its caption."""

    image: Tensor
    caption: str


def save_grid(
    path: str | os.PathLike[str], rows: Sequence[Sequence[Cell]], *, zoom: int | None = None
) -> None:
    """Save rows of captioned pictures as a PNG.

    Parameters
    ----------
    path
        The file.
    rows
        Rows of cells, not all of the same length.
    zoom
        If given, below each row stand the centres of its pictures, this many pixels, enlarged.

    Raises
    ------
    InputError
        In one line: no pictures, or the file cannot be written.
    """
    if not any(rows):
        raise InputError("no pictures given; expected at least one")
    columns = max(len(row) for row in rows)
    lines = len(rows) * (2 if zoom else 1)

    def draw(figure: Figure) -> None:
        grid = figure.subplots(lines, columns, squeeze=False)
        for axes in grid.flat:
            axes.axis("off")
        for index, row in enumerate(rows):
            for column, cell in enumerate(row):
                top = index * (2 if zoom else 1)
                picture = on_checkers(cell.image)
                grid[top][column].imshow(to_uint8(picture), interpolation="nearest")
                grid[top][column].set_title(caption(cell.caption), fontsize=8, **LITERAL)
                if zoom:
                    enlarged = to_uint8(center_crop(picture, zoom, zoom))
                    grid[top + 1][column].imshow(enlarged, interpolation="nearest")

    save_figure(path, draw, size=(2.2 * columns, 2.4 * lines), dpi=150)
