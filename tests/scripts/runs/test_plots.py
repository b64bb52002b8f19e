"""Plots of paths: what is drawn, and that it is saved."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure

from elpips.geometry import barycenter, geodesic
from elpips.media import write_figure
from elpips.media.read import read_image
from elpips.metrics import InputError
from elpips.scripts.runs.plots import (
    draw_energy,
    draw_overlay,
    draw_steps,
    plot_barycenter,
    plot_motion,
    plot_path,
    plot_steps,
)
from toy_paths import END, START

ENERGIES = [(0, 4.0), (10, 3.0), (100, 2.5)]


def lines(axes) -> dict[str, tuple[list[float], list[float]]]:
    return {
        line.get_label(): (list(line.get_xdata()), list(line.get_ydata()))
        for line in axes.get_lines()
    }


def test_steps_stand_at_the_middle_of_their_transitions() -> None:
    axes = Figure().subplots()
    draw_steps(axes, [1.0, 2.0], [3.0, 1.0, 1.0, 3.0], chord=1.5)
    drawn = lines(axes)
    assert drawn["geodesic"] == ([0.25, 0.75], [1, 2])
    assert drawn["cross-fade"] == ([0.125, 0.375, 0.625, 0.875], [3, 1, 1, 3])
    assert drawn["chord / N"][1] == [0.75, 0.75]
    assert axes.get_xlim() == (0, 1) and axes.get_ylim()[0] == 0


def test_energy_is_between_cross_fade_and_bound() -> None:
    axes = Figure().subplots()
    draw_energy(axes, ENERGIES, 2.6, 4.5, 1.0)
    drawn = lines(axes)
    assert drawn["held-out draws"] == ([0, 10, 100], [4, 3, 2.5])
    assert [drawn[name][1][0] for name in ("geodesic", "cross-fade", "lower bound")] == [
        2.6,
        4.5,
        1.0,
    ]
    low, high = axes.get_ylim()
    assert low == 0 and high > 4.5
    assert axes.get_xscale() == "symlog"


@pytest.mark.parametrize(("given", "bound"), [(None, 2.25), (1.1, 1.1)])
def test_plot_is_saved_in_two_panels(tmp_path: Path, monkeypatch, given, bound) -> None:
    seen = []
    monkeypatch.setattr(
        "elpips.scripts.runs.plots.draw_energy",
        lambda *each: (seen.append(each[-1]), draw_energy(*each)),
    )
    figure = plot_steps(
        [1.0, 1.0],
        [2.0, 2.0],
        ENERGIES,
        overlays=[1.0, 0.7, 1.0],
        chance=0.06,
        energy=2.6,
        baseline_energy=4.5,
        chord=1.5,
        lower_bound=given,
    )
    write_figure(tmp_path / "steps.png", figure)
    image = read_image(tmp_path / "steps.png").numpy()
    assert image.shape == (3, 480, 1800)
    # Ink in all three.
    assert all(np.ptp(part) > 0.5 for part in np.split(image, 3, axis=2))
    assert seen == [pytest.approx(bound)]
    assert [path.name for path in tmp_path.iterdir()] == ["steps.png"]


def test_a_run_without_evaluations_is_plotted(tmp_path: Path) -> None:
    path = tmp_path / "steps.png"
    numbers = {"overlays": [1.0, 1.0], "chance": 0.1, "energy": 1.0, "baseline_energy": 1.0}
    write_figure(path, plot_steps([1.0], [1.0], [], chord=1.0, **numbers))
    assert path.exists()


def test_overlays_stand_at_the_times_of_their_frames() -> None:
    axes = Figure().subplots()
    draw_overlay(axes, [1.0, 0.6, 0.5, 1.0], 0.07)
    drawn = lines(axes)
    assert drawn["geodesic"] == (
        [0, pytest.approx(1 / 3), pytest.approx(2 / 3), 1],
        [1, 0.6, 0.5, 1],
    )
    assert drawn["by chance"][1] == [0.07, 0.07]


def test_errors_are_one_line(tmp_path: Path) -> None:
    values = {
        "overlays": [1.0, 1.0],
        "chance": 0.1,
        "energy": 1.0,
        "baseline_energy": 1.0,
        "chord": 1.0,
    }
    with pytest.raises(InputError, match="no steps"):
        plot_steps([], [1.0], [], **values)
    with pytest.raises(InputError, match=r"a\.png: cannot be written"):
        write_figure(tmp_path / "none" / "a.png", plot_steps([1.0], [1.0], [], **values))


def test_motion_is_drawn_over_both_ends(tmp_path: Path) -> None:
    ends, motion = torch.full((2, 3, 40, 60), 0.2), torch.zeros(2, 40, 60)
    motion[1] = 5.0
    write_figure(tmp_path / "moving.png", plot_motion(ends, motion))
    write_figure(tmp_path / "still.png", plot_motion(ends, 0 * motion))
    moving, still = (read_image(tmp_path / f"{name}.png") for name in ("moving", "still"))
    yellow = [(image[2] < image[0] - 0.3).float() for image in (moving, still)]
    width = moving.shape[-1] // 2
    # Arrows in both halves, longer than what marks places without motion.
    assert all(half.sum() > 4 * yellow[1].sum() / 2 for half in yellow[0].split(width, 1)[:2])


def test_results_of_the_library_are_plotted() -> None:
    path = geodesic(START, END, 3, metric="l2", steps=4)
    assert [len(axes.get_lines()) for axes in plot_path(path).axes] == [3, 4, 3]
    found = barycenter(torch.stack([START, END]), metric="l2", steps=4)
    figure = plot_barycenter(found)
    (axes,) = figure.axes
    drawn = lines(axes)
    assert drawn["pixel mean"][1][0] == found.evaluation.baseline.objective
    assert drawn["one step"][0] == [1, 2, 3, 4]
    # Notebooks show it.
    assert figure._repr_png_().startswith(b"\x89PNG")
