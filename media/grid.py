"""Grids of captioned pictures with zoomed crops, as one PNG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from torch import Tensor

from .figure import save_figure
from .read import center_crop
from .write import to_uint8

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Cell:
    """A picture (3, H, W) in [0, 1] and its caption."""

    image: Tensor
    caption: str


def save_grid(path: Path, rows: Sequence[Sequence[Cell]], *, zoom: int | None = None) -> None:
    """Save rows of captioned pictures; below each row, its centres of ``zoom`` pixels enlarged."""
    columns = max(len(row) for row in rows)
    lines = len(rows) * (2 if zoom else 1)

    def draw(figure: Figure) -> None:
        grid = figure.subplots(lines, columns, squeeze=False)
        for axes in grid.flat:
            axes.axis("off")
        for index, row in enumerate(rows):
            for column, cell in enumerate(row):
                top = index * (2 if zoom else 1)
                grid[top][column].imshow(to_uint8(cell.image), interpolation="nearest")
                grid[top][column].set_title(cell.caption, fontsize=8)
                if zoom:
                    enlarged = to_uint8(center_crop(cell.image, zoom, zoom))
                    grid[top + 1][column].imshow(enlarged, interpolation="nearest")

    save_figure(path, draw, size=(2.2 * columns, 2.4 * lines), dpi=150)
