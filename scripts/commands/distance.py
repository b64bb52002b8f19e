"""``elpips distance``: how far two images are apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro
from torch import Tensor

from ...geometry.progress import draws_bar
from ...media.colour import Alpha
from ...media.crop import Crop
from ...media.read import read_images
from ...metrics import Estimate, InputError, Metric, create_metric, estimate
from ..runs.options import (
    MetricName,
    default_of,
    describe_metric,
    make_generator,
    make_metric,
    resolve_device,
    weights_record,
)
from ..runs.tables import format_table, print_json

_METRIC: str = default_of(create_metric, "name")
_MAX_DRAWS: int = default_of(estimate, "max_draws")
_CROP: Crop | None = default_of(read_images, "crop")


@dataclass(frozen=True)
class Measurement:
    """How a distance is measured.

    Attributes
    ----------
    metric
        One of `metrics.available_metrics()`.
    draws
        Average exactly this many random draws of the metric.
    relative_error
        Average until the 95 % interval is within this fraction of the distance ...
    absolute_error
        ... or within this much of it ...
    max_draws
        ... or this many draws were taken.
    size
        Scale the short sides to this many pixels, and crop to squares.
    crop
        Keep the middle: none, center (the common size) or square (the default with --size).
    alpha
        Composite transparency on white, ignore it, or auto: ignore it if all pixels are
        nearly opaque.
    seed
        Same seed, same numbers.
    device
        auto, cpu, cuda, cuda:1, ...
    json
        Print JSON.
    """

    metric: MetricName = _METRIC
    draws: int | None = None
    relative_error: float | None = default_of(estimate, "relative_error")
    absolute_error: float | None = default_of(estimate, "absolute_error")
    max_draws: int = _MAX_DRAWS
    size: int | None = default_of(read_images, "size")
    crop: Annotated[Crop | None, tyro.conf.arg(metavar="{none,center,square}")] = _CROP
    alpha: Alpha = default_of(read_images, "alpha")
    seed: int = 0
    device: str = "auto"
    json: bool = False

    def load(self, paths: Sequence[Path]) -> Tensor:
        """Read image files (N, 3, H, W) as these options ask."""
        return read_images(paths, size=self.size, crop=self.crop, alpha=self.alpha)

    def sampling(self) -> dict[str, Any]:
        """Return the arguments of `metrics.estimate` that these options stand for.

        Raises
        ------
        InputError
            Options that contradict each other.
        """
        if self.draws is not None:
            bounds = (self.relative_error, self.absolute_error, self.max_draws)
            if bounds != (None, None, _MAX_DRAWS):
                raise InputError(
                    "--draws fixes the number of draws; expected it without --relative-error, "
                    "--absolute-error and --max-draws"
                )
            return {"max_draws": self.draws}
        return {
            "relative_error": self.relative_error,
            "absolute_error": self.absolute_error,
            "max_draws": self.max_draws,
        }


DEFAULTS = Measurement()


def distance_command(
    a: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="A")],
    b: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="B")],
    measurement: tyro.conf.OmitArgPrefixes[Measurement] = DEFAULTS,
) -> int:
    """Measure the perceptual distance of two images of one size.

    A random metric such as E-LPIPS is averaged over draws: as many as --draws says, as the
    error bounds ask for, or else --max-draws.

    Parameters
    ----------
    a
        An image file.
    b
        Another one.
    measurement
        How it is measured.
    """
    sampling = measurement.sampling()
    generator = make_generator(measurement.seed)
    device = resolve_device(measurement.device)
    images = measurement.load([a, b]).to(device)
    metric = make_metric(measurement.metric, device)
    with draws_bar(metric, sampling["max_draws"]) as progress:
        found = estimate(
            metric, images[:1], images[1:], **sampling, generator=generator, progress=progress
        )
    if measurement.json:
        print_json({"images": [a, b], **distance_record(metric, found, 0)})
    else:
        print(_report(metric, found))
    return 0


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
