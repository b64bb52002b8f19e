"""The files of a barycenter: pictures, snapshots, comparison, record."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from ...geometry import Barycenter, BarycenterProblem, high_band_ratio, overlay_share
from ...geometry.overlay import chance_overlay
from ...media import Cell, save_grid, save_image
from ...metrics import InputError
from ...optim import Callback, RunState
from ...rgba import over
from .files import prepare_outdir
from .path_report import overlay_notes, shown
from .seams import seams_record

logger = logging.getLogger("elpips")

_COMPARED_INPUTS = 6


def snapshots(folder: Path) -> Callback:
    """Return a callback that saves the best image so far at log-spaced steps.

    One that cannot be written is a warning of the logger "elpips".
    """

    def save(run: RunState) -> None:
        if is_snapshot_step(run.step):
            try:
                save_image(prepare_outdir(folder) / f"{run.step:06d}.png", run.candidate[0])
            except InputError as error:
                logger.warning("%s; the run goes on without this snapshot", error)

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
    evaluation = found.evaluation
    return {
        **vars(evaluation),
        **_appearance(found.image, found.problem),
        **seams_record(found.image[None], found.problem.metric.tile),
        "baseline": {
            **vars(evaluation.baseline),
            **_appearance(found.problem.mean, found.problem),
            **seams_record(found.problem.mean[None], found.problem.metric.tile),
        },
    }


def barycenter_notes(record: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with a barycenter, by its ``evaluation``: a sentence each.

    Nothing is where all inputs are the same.
    """
    if not record["lower_bound"]:
        return []
    notes, advantage = [], record["advantage"]
    if (advantage["objective"] or 0) > 0:
        notes.append(
            "the result is above the pixel mean's objective by "
            f"{shown(advantage['objective'], '.2g')} +- "
            f"{shown(advantage['standard_error'], '.1g')}; more --steps may help"
        )
    return notes + overlay_notes(record, "it", "the inputs'; --init objects may help")


def _appearance(image: Tensor, problem: BarycenterProblem) -> dict[str, float]:
    """Return detail, and how much of it is a mix of the inputs' (by chance).

    Pictures with transparency are looked at over mid grey.
    """
    image, inputs = over(image), over(problem.images)
    return {
        "high_band_ratio": high_band_ratio(image, inputs, problem.weights),
        "overlay": float(overlay_share(image[None], inputs)),
        "overlay_by_chance": float(chance_overlay(image[None], inputs)),
    }


def _caption(name: str, evaluation: Mapping[str, Any]) -> str:
    return f"{name}\n{evaluation['objective']:.4f}, detail {evaluation['high_band_ratio']:.2f}"
