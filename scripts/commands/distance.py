"""``elpips distance``: how far two images are apart."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro

from ...geometry.progress import draws_bar
from ...metrics import Estimate, Metric, estimate
from ..runs.distance import Measure, MeasureOptions, distance_record, unmet
from ..runs.options import MetricOptions, PictureOptions, Pictures, TheMetric, describe_metric
from ..runs.tables import format_table, print_json


def distance_command(
    a: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="A")],
    b: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="B")],
    *,
    pictures: Pictures = PictureOptions(),
    metric: TheMetric = MetricOptions(),
    measurement: Measure = MeasureOptions(),
) -> int:
    """Measure the perceptual distance of two images of one size.

    A random metric such as E-LPIPS is averaged over draws: as many as --draws says, as the
    error bounds ask for, or else --max-draws.

    Args:
        a: An image file.
        b: Another one.
        pictures: How images are read.
        metric: Which distance.
        measurement: How exactly it is measured.
    """
    sampling = measurement.sampling()
    images = pictures.read([a, b]).to(metric.where)
    judge = metric.create()
    with draws_bar(judge, sampling["max_draws"]) as progress:
        found = estimate(judge, images[:1], images[1:], **sampling, progress=progress)
    if measurement.json:
        print_json({"images": [a, b], **distance_record(judge, found, 0)})
    else:
        print(_report(judge, found))
    return 0


def _report(metric: Metric, found: Estimate) -> str:
    low, high = (bound.item() for bound in found.interval)
    rows = [("distance", f"{found.distance.item():.6g}")]
    if not metric.stochastic:
        rows += [("95 % interval", "none: the metric is not random")]
    elif found.draws == 1:
        rows += [("95 % interval", "unknown after a single draw")]
    else:
        rows += [("95 % interval", f"{low:.6g} to {high:.6g}")]
    rows += [("draws", str(found.draws)), ("metric", describe_metric(metric))]
    return "\n".join([format_table(rows, "<<"), *unmet(found)])
