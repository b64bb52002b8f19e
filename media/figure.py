"""Plots of runs, as PNG files."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from ..metrics.files import atomic_write

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def save_plot(path: str | os.PathLike[str], draw: Callable[[Axes], None]) -> None:
    """Let ``draw`` fill one pair of axes and save them as a PNG."""
    save_figure(path, lambda figure: draw(figure.add_subplot()))


def save_figure(
    path: str | os.PathLike[str],
    draw: Callable[[Figure], None],
    *,
    size: tuple[float, float] = (6, 4),
    dpi: int = 120,
    layout: Literal["constrained"] | None = "constrained",
) -> None:
    """Let ``draw`` fill a figure of ``size`` in inches and save it as a PNG."""
    # Imported here: it takes half a second, and the agg backend needs no screen.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, dpi=dpi, layout=layout)
    FigureCanvasAgg(figure)
    draw(figure)
    with atomic_write(path) as temporary:
        figure.savefig(temporary, format="png")
