"""``elpips compare``: which of several images is closest to a reference."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import tyro
from torch import Tensor

from ...geometry.progress import draws_bar
from ...metrics import Comparison, InputError, Metric, compare
from ...metrics.sampling import CONFIDENCE
from ..runs.distance import Measure, MeasureOptions, distance_record, unmet
from ..runs.options import MetricOptions, PictureOptions, Pictures, TheMetric, describe_metric
from ..runs.tables import format_table, print_json


def compare_command(
    reference: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="REFERENCE")],
    candidates: Annotated[
        tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="IMAGE ...")
    ] = (),
    *,
    pictures: Pictures = PictureOptions(),
    metric: TheMetric = MetricOptions(),
    measurement: Measure = MeasureOptions(),
) -> int:
    """Sort images by their perceptual distance to a reference.

    All images share each random draw of the metric, so that the differences of their
    distances are known better than the distances.

    Args:
        reference: The image file to compare with.
        candidates: One or more image files of the same size.
        pictures: How images are read.
        metric: Which distance.
        measurement: How exactly a distance is measured.
    """
    if not candidates:
        raise InputError(f"there is no image to compare with {reference}; expected at least one")
    sampling = measurement.sampling()
    images = pictures.read([reference, *candidates]).to(metric.where)
    judge = metric.create()
    with draws_bar(judge, sampling["max_draws"]) as progress:
        found = compare(judge, images[0], images[1:], **sampling, progress=progress)
    if measurement.json:
        print_json(
            [
                {
                    "reference": reference,
                    "image": candidate,
                    **distance_record(judge, found.estimate, index),
                    "margin": found.margin[index].item(),
                    "margin_standard_error": found.margin_error[index].item(),
                    "closest": index == found.closest,
                }
                for index, candidate in enumerate(candidates)
            ]
        )
    else:
        print(_report(judge, found, candidates))
    return 0


def _report(metric: Metric, found: Comparison, candidates: tuple[Path, ...]) -> str:
    header = ("image", "distance", "+- 95 %", "margin", "+- 95 %")
    order = found.estimate.distance.argsort(stable=True).tolist()
    rows = [
        (
            str(candidates[index]),
            *_value(found.estimate.distance[index], found.estimate.standard_error[index]),
            *(
                _value(found.margin[index], found.margin_error[index])
                if index != found.closest
                else ("", "")
            ),
        )
        for index in order
    ]
    draws = "1 draw" if found.estimate.draws == 1 else f"{found.estimate.draws} draws"
    return "\n".join(
        [
            format_table([header, *rows], "<>>>>"),
            *unmet(found.estimate),
            f"{describe_metric(metric)}, {draws}; margin: distance minus the closest's",
            _verdict(metric, found, candidates),
        ]
    )


def _value(mean: Tensor, error: Tensor) -> tuple[str, str]:
    half = CONFIDENCE * error.item()
    return f"{mean.item():.6g}", "unknown" if math.isnan(half) else f"{half:.2g}"


def _verdict(metric: Metric, found: Comparison, candidates: tuple[Path, ...]) -> str:
    """Name the closest candidate, and those that may as well be it."""
    line = f"closest: {candidates[found.closest]}"
    others = [index for index in range(len(candidates)) if index != found.closest]
    if not others:
        return line
    # Written so that the unknown error of a single draw makes none clear.
    clear = found.margin > CONFIDENCE * found.margin_error
    unclear = ", ".join(str(candidates[index]) for index in others if not clear[index])
    if unclear and metric.stochastic:
        return f"{line}, but not beyond the 95 % error of the margin to {unclear}"
    if unclear:
        return f"{line}, and as close {unclear}"
    least = f"{min(found.margin[index].item() for index in others):.3g}"
    certain = ", which exceeds its 95 % error" if metric.stochastic else ""
    return f"{line}, by at least {least}{certain}"
