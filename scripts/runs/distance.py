"""Distances that commands measure: how exactly, and how they are told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import tyro
from tyro.conf import OmitArgPrefixes

from ...metrics import Estimate, InputError, Metric
from .options import weights_record

_MAX_DRAWS = 200


@dataclass(frozen=True)
class MeasureOptions:
    """How exactly a distance is measured.

    Attributes
    ----------
    draws
        Average exactly this many random draws of the metric.
    relative_error
        Average until the 95 % interval is within this fraction of the distance ...
    absolute_error
        ... or within this much of it ...
    max_draws
        ... or this many draws were taken.
    seed
        Same seed, same numbers.
    json
        Print JSON.
    """

    draws: int | None = None
    relative_error: float | None = None
    absolute_error: float | None = None
    max_draws: int = _MAX_DRAWS
    seed: int = 0
    json: bool = False

    def sampling(self) -> dict[str, Any]:
        """Return the arguments of `metrics.estimate` that these options stand for.

        Raises
        ------
        InputError
            Options that contradict each other.
        """
        bounds = {"relative_error": self.relative_error, "absolute_error": self.absolute_error}
        if self.draws is None:
            return {**bounds, "max_draws": self.max_draws, "seed": self.seed}
        if (*bounds.values(), self.max_draws) != (None, None, _MAX_DRAWS):
            raise InputError(
                "--draws fixes the number of draws; expected it without --relative-error, "
                "--absolute-error and --max-draws"
            )
        return {"max_draws": self.draws, "seed": self.seed}


Measure = Annotated[OmitArgPrefixes[MeasureOptions], tyro.conf.arg(name="measurement")]


def distance_record(metric: Metric, found: Estimate, index: int) -> dict[str, Any]:
    """Return one distance of ``found`` as ``--json`` shows it."""
    return {
        "metric": metric.name,
        "distance": found.distance[index].item(),
        "standard_error": found.standard_error[index].item(),
        "draws": found.draws,
        "met": found.met,
        "weights": weights_record(metric),
    }


def unmet(found: Estimate) -> list[str]:
    """Return the line that says so where the error bounds do not hold."""
    line = f"the error bounds are not met after {found.draws} draws; --max-draws allows more"
    return [] if found.met else [line]
