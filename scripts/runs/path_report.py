"""What is said about a path: the ``evaluation`` of run.json, and the table at the end."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from torch import Tensor

from ...geometry.path_evaluation import PathComparison, evaluate_path
from ...metrics import InputError, create_metric
from ...metrics.weights import WeightsError
from .seams import seams_line

logger = logging.getLogger("elpips")

_ALSO_DRAWS = 8
_COLUMNS = (
    ("length", "length"),
    ("excess", "excess"),
    ("energy", "energy"),
    ("PPL", "normalized_ppl"),
    ("CV", "uniformity_cv"),
    ("end step", "end_step_ratio"),
    ("contrast", "mid_contrast"),
    ("detail", "high_band_ratio"),
    ("overlay", "overlay"),
    ("motion", "motion"),
)
# Share of a plain mix's overlay, beyond chance, above which a picture is called a double exposure.
_DOUBLE_EXPOSURE = 0.85
# All detail of a plain mix is one, unless there is next to none.
_ANY_DETAIL = 0.5


def evaluation_record(comparison: PathComparison, also: dict[str, Any] | None) -> dict[str, Any]:
    """Return the ``evaluation`` of run.json: measures, baseline, second metric."""
    return {
        **asdict(comparison.path),
        "advantage": comparison.advantage,
        "advantage_error": comparison.advantage_error,
        "relative_overlay": comparison.relative_overlay,
        "baseline": asdict(comparison.baseline),
        "also": also,
    }


def judge_also(
    frames: Tensor, name: str, metric: str, seed: int = 0, chunk: int | None = None
) -> dict[str, Any] | None:
    """Return the measures under a second metric, or None with a notice if it cannot be had."""
    if name in ("none", metric):
        return None
    try:
        second = create_metric(name, device=frames.device)
        found = evaluate_path(second, frames, draws=_ALSO_DRAWS, seed=seed, chunk=chunk)
    except (WeightsError, InputError) as error:
        logger.warning("%s: not judged under it (%s)", name, error)
        return None
    return {"metric": name, **asdict(found.path), "baseline": asdict(found.baseline)}


def report_path(record: dict[str, Any], *, solved: bool) -> str:
    """Return the closing table of an ``evaluation``."""
    name = "geodesic" if solved else "path"
    lines = [_row("", [title for title, _ in _COLUMNS])]
    lines += [_row(name, _figures(record)), _row("cross-fade", _figures(record["baseline"]))]
    if also := record["also"]:
        lines.append(f"under {also['metric']}:")
        lines += [_row(name, _figures(also)), _row("cross-fade", _figures(also["baseline"]))]
    lines.append(
        f"no path is shorter than the chord {record['chord']:.4f}: excess "
        f"{shown(max(record['excess'], 0.0), '.1%')}, on {record['draws']} fresh draws"
    )
    if residuals := record.get("residuals"):
        lines.append(
            f"gradient left at the frames: at most {max(residuals):.2g}, at the cross-fade's "
            f"{max(record['baseline']['residuals']):.2g}"
        )
    lines += seams_line([record])
    if moving := record.get("moving"):
        fade = record["baseline"]["energy"]
        lines.append(
            f"with motion for free ({moving['displacement']:.2g} px a transition): energy "
            f"{moving['energy']:.4f} +- {moving['energy_error']:.1g}, standing still "
            f"{record['energy']:.4f}, the cross-fade's {fade:.4f}"
        )
    return "\n".join([*lines, *(f"NOTE: {note}" for note in path_notes(record, solved=solved))])


def path_notes(record: dict[str, Any], *, solved: bool) -> list[str]:
    """Return what is wrong with a path, by its ``evaluation``: a sentence each.

    Nothing is where both ends are the same, or where two scenes are held on purpose.
    """
    if not record["chord"] or record.get("held"):
        return []
    notes = []
    # Of a file, what was not finite is null.
    above = (record["advantage"] or 0) > 0
    if moving := record.get("moving"):
        above = moving["energy"] > record["baseline"]["energy"]
    if above:
        notes.append(
            "the path is above the cross-fade's energy by "
            f"{shown(record['advantage'], '.2g')} +- {shown(record['advantage_error'], '.1g')}"
            + ("; more --steps may help" if solved else "")
        )
    return notes + overlay_notes(
        record,
        "the middle",
        f"both ends (cross-fade {record['baseline']['overlay']:.0%}, by chance "
        f"{record['overlay_by_chance']:.0%})"
        + ("; --quality best or --motion may help" if solved else ""),
    )


def overlay_notes(record: Mapping[str, Any], what: str, mixed: str) -> list[str]:
    """Return, where a picture is a double exposure by its ``evaluation``, that it is.

    Parameters
    ----------
    record
        The ``evaluation``; its ``baseline`` is the plain mix.
    what, mixed
        What is looked at, and what its detail is a mix of (and what may help).
    """
    beyond, plain = (
        each["overlay"] - each["overlay_by_chance"] for each in (record, record["baseline"])
    )
    if record["baseline"]["overlay"] < _ANY_DETAIL or beyond <= _DOUBLE_EXPOSURE * plain:
        return []
    return [
        f"much of {what} is a double exposure: {record['overlay']:.0%} of its detail is a mix of "
        f"{mixed}"
    ]


def _figures(evaluation: dict[str, Any]) -> list[str]:
    return [shown(evaluation[key], ".4f") for _, key in _COLUMNS]


def shown(value: float | None, form: str) -> str:
    """Return a number as the table has it; "-" where there is none, as for flat images."""
    return "-" if value is None or not math.isfinite(value) else format(value, form)


def _row(name: str, cells: Sequence[str]) -> str:
    return f"{name:<12}" + "".join(f"{cell:>10}" for cell in cells)
