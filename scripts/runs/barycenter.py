"""The files of a barycenter: pictures, snapshots, comparison, record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...geometry import Barycenter, high_band_ratio
from ...media import Cell, save_grid, save_image
from ...optim import Callback, RunState
from .files import prepare_outdir

_COMPARED_INPUTS = 6


def snapshots(folder: Path) -> Callback:
    """Return a callback that saves the best image so far at log-spaced steps."""

    def save(run: RunState) -> None:
        if is_snapshot_step(run.step):
            save_image(prepare_outdir(folder) / f"{run.step:06d}.png", run.candidate[0])

    return save


def is_snapshot_step(step: int) -> bool:
    """Whether ``step`` is 1, 2, 3, 5 or 7 times a power of ten."""
    digits = str(step)
    return digits[0] in "12357" and not digits[1:].strip("0")


def save_comparison(
    path: Path, names: Sequence[str], found: Barycenter, evaluation: Mapping[str, Any]
) -> None:
    """Save inputs, mean and result side by side, with their figures."""
    shown = list(zip(names, found.problem.images, strict=True))[:_COMPARED_INPUTS]
    cells = [Cell(image, name) for name, image in shown]
    cells.append(Cell(found.problem.mean, _caption("pixel mean", evaluation["baseline"])))
    cells.append(Cell(found.image, _caption("barycenter", evaluation)))
    save_grid(path, [cells])


def evaluation_record(found: Barycenter) -> dict[str, Any]:
    """Return the ``evaluation`` of run.json."""
    problem, evaluation = found.problem, found.evaluation
    return {
        **vars(evaluation),
        "high_band_ratio": high_band_ratio(found.image, problem.images, problem.weights),
        "baseline": {
            **vars(evaluation.baseline),
            "high_band_ratio": high_band_ratio(problem.mean, problem.images, problem.weights),
        },
    }


def _caption(name: str, evaluation: Mapping[str, Any]) -> str:
    return f"{name}\n{evaluation['objective']:.4f}, detail {evaluation['high_band_ratio']:.2f}"
