"""Plots of paths and barycenters: figures, which notebooks show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import Tensor

from ...geometry import Barycenter, Geodesic
from ...media.alpha import on_checkers
from ...media.figure import make_figure
from ...metrics.errors import InputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ARROWS = 24
# One colour each for the path, the cross-fade and what no path can be below.
_PATH, _FADE, _BOUND = "C0", "C1", "C2"


def plot_barycenter(found: Barycenter) -> Figure:
    """Plot a barycenter's objective over the optimiser's steps.

    Between the pixel mean's and what no image is below, which its evaluation says: it is
    computed if it has not been yet.
    """
    run, evaluation = found.solution.state, found.evaluation

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        steps = [record.step for record in run.history]
        axes.plot(
            steps, [record.loss for record in run.history], ".", ms=2, c="0.75", label="one step"
        )
        axes.plot(*zip(*run.evaluations, strict=True), "-o", ms=3, c="C0", label="held-out draws")
        axes.axhline(evaluation.baseline.objective, c="C1", ls="--", label="pixel mean")
        axes.axhline(evaluation.lower_bound, c="C2", ls=":", label="lower bound")
        axes.set_xscale("symlog", linthresh=10)
        axes.set_xlim(left=0)
        axes.set_ylim(bottom=0)
        axes.set_xlabel("optimiser step")
        axes.set_ylabel("objective")
        axes.legend(frameon=False)

    return make_figure(draw)


def plot_path(found: Geodesic) -> Figure:
    """Plot a path's step sizes, the energy over the optimiser's steps, and its overlay.

    Beside the cross-fade's and what no path is below, which its evaluation says: it is computed
    if it has not been yet. The energy is that of the finest level.
    """
    judged, baseline = found.evaluation.path, found.evaluation.baseline
    finest_from = 0 if len(found.levels) == 1 else found.levels[-2].last_step or 0
    # A level ends and the next begins at one step; the later entry is the finer level's.
    energies = {
        step: value for step, value in found.solution.state.evaluations if step >= finest_from
    }
    return plot_steps(
        judged.steps,
        baseline.steps,
        list(energies.items()),
        overlays=judged.overlays,
        chance=judged.overlay_by_chance,
        energy=judged.energy,
        baseline_energy=baseline.energy,
        chord=judged.chord,
        lower_bound=judged.chord ** (2 * found.problem.power),
    )


def plot_steps(
    steps: Sequence[float],
    baseline_steps: Sequence[float],
    energies: Sequence[tuple[int, float]],
    *,
    overlays: Sequence[float],
    chance: float,
    energy: float,
    baseline_energy: float,
    chord: float,
    lower_bound: float | None = None,
) -> Figure:
    """Plot how evenly a path moves, its energy over the optimiser's steps, and its overlay.

    Parameters
    ----------
    steps, baseline_steps
        Perceptual sizes sqrt(D_i) of the transitions of the path and of the cross-fade.
    energies
        Optimiser steps and the energy there, on held-out draws; may be empty.
    overlays, chance
        The overlay share of each frame, and chance's of the middle ones.
    energy, baseline_energy
        Final energy of the path, and of the cross-fade on the same draws.
    chord
        sqrt(D(A, B)), the distance of the ends.
    lower_bound
        What no path's energy is below; ``chord ** 2`` if not given.

    Raises
    ------
    InputError
        There are no transitions.
    """
    if not steps or not baseline_steps:
        raise InputError("no steps to plot; expected at least one transition")
    bound = chord**2 if lower_bound is None else lower_bound

    def draw(figure: Figure) -> None:
        left, middle, right = figure.subplots(1, 3)
        draw_steps(left, steps, baseline_steps, chord)
        draw_energy(middle, energies, energy, baseline_energy, bound)
        draw_overlay(right, overlays, chance)

    return make_figure(draw, size=(15, 4))


def plot_motion(ends: Tensor, motion: Tensor) -> Figure:
    """Plot how objects of the ends (2, 3, H, W) move to each other.

    ``motion`` is that of the whole path at its middle (2, H, W) in pixels, downwards and to
    the right: arrows from where things are in the start, and to where they are in the end.
    """
    spacing = max(1, max(motion.shape[1:]) // _ARROWS)
    offset = spacing // 2
    down, right = motion[:, offset::spacing, offset::spacing].numpy()
    rows = range(offset, motion.shape[1], spacing)
    columns = range(offset, motion.shape[2], spacing)

    def draw(figure: Figure) -> None:
        titles, pivots = ("start", "end"), ("tail", "tip")
        for axes, image, title, pivot in zip(
            figure.subplots(1, 2), ends, titles, pivots, strict=True
        ):
            axes.imshow(on_checkers(image).permute(1, 2, 0).numpy())
            axes.quiver(
                columns,
                rows,
                right,
                down,
                color="yellow",
                pivot=pivot,
                angles="xy",
                scale_units="xy",
                scale=1,
                width=0.004,
            )
            axes.set_title(title)
            axes.set_axis_off()

    return make_figure(draw, size=(10, 5))


def draw_steps(
    axes: Axes, steps: Sequence[float], baseline_steps: Sequence[float], chord: float
) -> None:
    """Draw step sizes against the middle times of their transitions."""
    axes.plot(_times(steps), steps, "-o", ms=4, c=_PATH, label="geodesic")
    axes.plot(_times(baseline_steps), baseline_steps, "--s", ms=4, c=_FADE, label="cross-fade")
    axes.axhline(chord / len(steps), c=_BOUND, ls=":", label="chord / N")
    axes.set_xlim(0, 1)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("time")
    axes.set_ylabel("perceptual step")
    axes.legend(frameon=False)


def draw_energy(
    axes: Axes,
    energies: Sequence[tuple[int, float]],
    energy: float,
    baseline_energy: float,
    lower_bound: float,
) -> None:
    """Draw the energy over optimiser steps, between the cross-fade's and the lower bound."""
    if energies:
        axes.plot(*zip(*energies, strict=True), "-o", ms=3, c=_PATH, label="held-out draws")
    axes.axhline(baseline_energy, c=_FADE, ls="--", label="cross-fade")
    axes.axhline(energy, c=_PATH, ls="-.", lw=1, label="geodesic")
    axes.axhline(lower_bound, c=_BOUND, ls=":", label="lower bound")
    axes.set_xscale("symlog", linthresh=10)
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("optimiser step")
    axes.set_ylabel("energy")
    axes.legend(frameon=False)


def draw_overlay(axes: Axes, overlays: Sequence[float], chance: float) -> None:
    """Draw the share of each frame's detail that a mix of the ends explains."""
    times = [index / (len(overlays) - 1) for index in range(len(overlays))]
    axes.plot(times, overlays, "-o", ms=4, c=_PATH, label="geodesic")
    axes.axhline(1, c=_FADE, ls="--", label="cross-fade")
    axes.axhline(chance, c=_BOUND, ls=":", label="by chance")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.05)
    axes.set_xlabel("time")
    axes.set_ylabel("overlay: detail that is a mix of the ends")
    axes.legend(frameon=False)


def _times(steps: Sequence[float]) -> list[float]:
    return [(index + 0.5) / len(steps) for index in range(len(steps))]
