"""One case: what a metric gives beside what the authors' implementation gave."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from ...metrics import Draw, Metric
from ...metrics.base import image_size
from ...metrics.perceptual import PerceptualMetric
from ...metrics.precision import precision_of
from ...metrics.transforms import transform
from ...metrics.trunks import Drop, Part
from .cases import Case
from .errors import largest_difference, largest_relative, relative, within

TRIES = 32
"""Random roundings that a gradient may be met under; see `Outcome`."""

TRANSFORMED_TOLERANCE = 1e-3
"""Largest absolute error of a transformed image."""

ROUNDING = 2.0**-23
# A larger error, in tolerances, is no matter of a few switches.
_SWITCHED = 10


@dataclass(frozen=True)
class Tolerances:
    """Largest relative errors of a distance, and of a gradient and its norm."""

    distance: float
    gradient: float

    @classmethod
    def of(
        cls, metric: Metric, distance: float | None = None, gradient: float | None = None
    ) -> Tolerances:
        """Return what is given, and else what the precision of a metric allows."""
        usual = _USUAL.get(precision_of(metric), _USUAL["float32"])
        return cls(
            usual.distance if distance is None else distance,
            usual.gradient if gradient is None else gradient,
        )


_USUAL = {"float32": Tolerances(1e-4, 1e-3), "bfloat16": Tolerances(0.03, 0.2)}


@dataclass(frozen=True)
class Outcome:
    """Errors of one case; None for what it has no reference for.

    Attributes
    ----------
    distance, gradient, gradient_norm
        Relative errors; the gradient's is that of the L2 norm.
    rounding
        The gradient's error under random float32 rounding of all that enters a convolution,
        the least of `TRIES`; None where the gradient is met without.
    transformed
        Largest absolute error of the transformed image, whose values are in [0, 1].
    """

    case: str
    metric: str
    passed: bool
    distance: float
    gradient: float | None
    rounding: float | None
    gradient_norm: float | None
    transformed: float | None


def full_precision(device: torch.device) -> AbstractContextManager[None]:
    """Switch off TF32, which is a thousand times coarser than float32."""
    if device.type != "cuda":
        return nullcontext()
    return torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False)


def compare_case(
    case: Case,
    metric: Metric,
    pair: tuple[Tensor, Tensor],
    tolerances: Tolerances,
) -> Outcome:
    """Compare what a metric gives on a pair of crops with the reference.

    Parameters
    ----------
    case
        The transformation, and the reference.
    metric
        Without dropout; in any precision.
    pair
        Two images (1, 3, H, W) in [0, 1] on the metric's device; the first one's gradient is
        compared.
    tolerances
        Which errors pass.
    """
    count = len(case.distance)
    size = image_size(pair[0])
    first, every = case.transformation or (metric.draw(size), metric.draw(size, batch=count))
    x, y = (image.expand(count, -1, -1, -1) for image in pair)
    distances, gradients = _measure(metric, x, y, every)
    distance = largest_relative(distances, case.distance)
    gradient = rounding = norm = transformed = None
    if case.gradient is not None:
        gradient = relative(gradients[0], case.gradient)
        near = tolerances.gradient < gradient <= _SWITCHED * tolerances.gradient
        if near and isinstance(metric, PerceptualMetric) and metric.dtype == torch.float32:
            rounding = _least_rounded(metric, pair, first, case.gradient, tolerances.gradient)
    if case.gradient_norm is not None:
        norm = largest_relative(gradients.flatten(1).norm(dim=1), case.gradient_norm)
    if case.transformed is not None:
        shown = transform(pair[0], case.transformation[0]) if case.transformation else pair[0]
        transformed = largest_difference(shown[0], case.transformed)
    passed = (
        within(distance, tolerances.distance)
        and within(gradient if rounding is None else rounding, tolerances.gradient)
        and within(norm, tolerances.gradient)
        and within(transformed, TRANSFORMED_TOLERANCE)
    )
    return Outcome(case.name, case.metric, passed, distance, gradient, rounding, norm, transformed)


def _measure(metric: Metric, x: Tensor, y: Tensor, draw: Draw) -> tuple[Tensor, Tensor]:
    """Return distances (N,) and the gradients (N, 3, H, W) of their sum by x, in float64."""
    x = x.detach().clone().requires_grad_()
    with torch.no_grad():
        target = metric.embed(y, draw)
    distances = metric.distance(metric.embed(x, draw), target)
    (gradients,) = torch.autograd.grad(distances.sum(), x)
    return distances.detach().double().cpu(), gradients.double().cpu()


def _least_rounded(
    metric: PerceptualMetric,
    pair: tuple[Tensor, Tensor],
    draw: Draw,
    expected: Tensor,
    tolerance: float,
) -> float:
    """Return the least error of the gradient under random rounding; see `Outcome`."""
    generator = torch.Generator().manual_seed(0)

    def rounded(values: Tensor) -> Tensor:
        noise = torch.rand(values.shape, generator=generator) * 2 - 1
        return values * (1 + ROUNDING * noise).to(values.device)

    def noisy(part: Part, x: Tensor, drop: Drop) -> tuple[Tensor, list[Tensor]]:
        del drop
        return part(x, rounded)

    least = float("inf")
    whole = metric.trunk.parts()
    # For as long as it stands there, in place of the method.
    vars(metric.trunk)["parts"] = lambda: [partial(noisy, part) for part in whole]
    try:
        for _ in range(TRIES):
            _, gradients = _measure(metric, *pair, draw)
            least = min(least, relative(gradients[0], expected))
            if least <= tolerance:
                break
    finally:
        del vars(metric.trunk)["parts"]
    return least
