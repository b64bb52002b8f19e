"""Plots of runs, as PNG files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from scripts.images import atomic_write

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from optim import Run


def plot_objective(path: Path, run: Run, baseline: float, lower_bound: float) -> None:
    """Plot the objective of a run over its steps, between the baseline and the bound."""

    def draw(axes: Axes) -> None:
        steps = [record.step for record in run.history]
        axes.plot(
            steps, [record.loss for record in run.history], ".", ms=2, c="0.75", label="one step"
        )
        axes.plot(*zip(*run.evaluations, strict=True), "-o", ms=3, c="C0", label="held-out draws")
        axes.axhline(baseline, c="C1", ls="--", label="pixel mean")
        axes.axhline(lower_bound, c="C2", ls=":", label="lower bound")
        axes.set_xscale("symlog", linthresh=10)
        axes.set_xlim(left=0)
        axes.set_ylim(bottom=0)
        axes.set_xlabel("optimiser step")
        axes.set_ylabel("objective")
        axes.legend(frameon=False)

    save_plot(path, draw)


def save_plot(path: Path, draw: Callable[[Axes], None]) -> None:
    """Let ``draw`` fill one pair of axes and save them as a PNG."""
    save_figure(path, lambda figure: draw(figure.add_subplot()))


def save_figure(
    path: Path,
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
