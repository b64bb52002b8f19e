"""Distances with error bounds: sampling a stochastic metric until it is certain enough."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from .base import Draw, Metric, check_image, check_images, check_pair, image_size
from .checks import require_number
from .errors import InputError
from .seeds import stream
from .statistics import standard_error

CONFIDENCE = 1.96
"""Half-width of the reported intervals in standard errors (95 %)."""


@dataclass(frozen=True)
class Estimate:
    """Means of sampled distances.

    Attributes
    ----------
    distance, standard_error
        Tensors (N,). The error of a deterministic metric is 0, that of one draw NaN.
    draws
        Number of draws that were averaged.
    met
        Whether the error bounds that were asked for hold.
    """

    distance: Tensor
    standard_error: Tensor
    draws: int
    met: bool = True

    @property
    def interval(self) -> tuple[Tensor, Tensor]:
        """Bounds (N,) of the 95 % confidence intervals."""
        half = CONFIDENCE * self.standard_error
        return self.distance - half, self.distance + half


@dataclass(frozen=True)
class Comparison:
    """Distances of K candidates to one reference, on shared draws.

    Attributes
    ----------
    estimate
        Distances (K,) of the candidates.
    closest
        Index of the candidate of least distance.
    margin, margin_error
        For each candidate, mean and standard error of its distance minus the closest's:
        on shared draws it is known far better than either distance.
    """

    estimate: Estimate
    closest: int
    margin: Tensor
    margin_error: Tensor


@torch.no_grad()
def estimate(
    metric: Metric,
    x: Tensor,
    y: Tensor,
    *,
    relative_error: float | None = None,
    absolute_error: float | None = None,
    min_draws: int = 30,
    max_draws: int = 200,
    seed: int = 0,
    progress: Callable[[int], object] | None = None,
) -> Estimate:
    """Sample the distances of pairs of images until their 95 % bounds hold.

    Sampling stops when, for every pair, 1.96 standard errors are at most
    ``relative_error`` times the distance or at most ``absolute_error`` (as in the
    E-LPIPS release), or at ``max_draws``; without either bound ``max_draws`` are taken.
    Draws are independent and shared by the pairs. A metric that is not random is measured
    once, whatever is asked for.

    Parameters
    ----------
    metric
        The distance, where the images are.
    x, y
        Images (N, 3, H, W) in [0, 1]; the i-th of x is compared with the i-th of y. For
        `OverBackgrounds` premultiplied RGBA (N, 4, H, W).
    relative_error
        Half-width of the 95 % interval over the distance, above 0; None: no such bound.
    absolute_error
        Half-width in the distance's units, above 0; None: no such bound.
    min_draws
        At least 1; bounds are not trusted before so many draws (or ``max_draws``). They are
        looked at then and at every tenth draw that follows.
    max_draws
        At least 1.
    seed
        0 to 2^63 - 1; the same seed gives the same draws.
    progress
        Called with the number of draws so far.

    Raises
    ------
    InputError
        Images of another shape, type or range, or of two shapes; a number out of range.

    Examples
    --------
    >>> found = estimate(metric, x, y, relative_error=0.05)  # doctest: +SKIP
    >>> low, high = found.interval  # doctest: +SKIP
    """
    check_pair(x, y, metric.channels)
    distances = _sample(
        metric,
        lambda draw: metric.distance(metric.embed(x, draw), metric.embed(y, draw)),
        image_size(x),
        (relative_error, absolute_error),
        (min_draws, max_draws),
        seed,
        progress,
    )
    return _summary(metric, distances, relative_error, absolute_error)


@torch.no_grad()
def compare(
    metric: Metric,
    reference: Tensor,
    candidates: Tensor,
    *,
    relative_error: float | None = None,
    absolute_error: float | None = None,
    min_draws: int = 30,
    max_draws: int = 200,
    seed: int = 0,
    progress: Callable[[int], object] | None = None,
) -> Comparison:
    """Tell which candidate is closest to a reference; all share every draw.

    Sampling stops as in `estimate`, by the errors of the distances.

    Parameters
    ----------
    metric
        The distance, where the images are.
    reference
        An image (3, H, W) in [0, 1]; for `OverBackgrounds` premultiplied RGBA (4, H, W).
    candidates
        Images (K, 3, H, W) in [0, 1], or (K, 4, H, W) likewise, K >= 1.
    relative_error, absolute_error, min_draws, max_draws, seed, progress
        As for `estimate`.

    Raises
    ------
    InputError
        Images of another shape, type or range; a number out of range.
    """
    channels = metric.channels
    check_image(reference, "reference", channels)
    check_images(candidates, "candidates", channels)
    if reference.shape != candidates.shape[1:]:
        raise InputError(
            f"reference {tuple(reference.shape)} and candidates {tuple(candidates.shape)} "
            f"differ; expected ({channels}, H, W) and (K, {channels}, H, W)"
        )

    def distances_to_reference(draw: Draw) -> Tensor:
        embedding = metric.embed(torch.cat([reference[None], candidates]), draw)
        return metric.distance(embedding[1:], embedding[:1])

    distances = _sample(
        metric,
        distances_to_reference,
        image_size(reference),
        (relative_error, absolute_error),
        (min_draws, max_draws),
        seed,
        progress,
    )
    closest = int(distances.mean(0).argmin())
    differences = _summary(metric, distances - distances[:, closest : closest + 1])
    return Comparison(
        _summary(metric, distances, relative_error, absolute_error),
        closest,
        differences.distance,
        differences.standard_error,
    )


def _sample(
    metric: Metric,
    distances: Callable[[Draw], Tensor],
    size: tuple[int, int],
    bounds: tuple[float | None, float | None],
    limits: tuple[int, int],
    seed: int,
    progress: Callable[[int], object] | None,
) -> Tensor:
    """Return sampled distances, (draws, N) in float64."""
    min_draws, max_draws = limits
    require_number("min_draws", min_draws)
    require_number("max_draws", max_draws)
    for name, bound in zip(("relative_error", "absolute_error"), bounds, strict=True):
        require_number(name, bound, None)
    generator = stream(seed, "evaluate")
    if not metric.stochastic:
        return distances(metric.draw(size)).double().cpu()[None]
    samples: list[Tensor] = []
    first = min(min_draws, max_draws)
    while len(samples) < max_draws:
        samples.append(distances(metric.draw(size, generator)).double().cpu())
        if progress is not None:
            progress(len(samples))
        count = len(samples)
        # The test costs O(draws); the first draw that may do and every tenth are often enough.
        if bounds != (None, None) and (count == first or (count > first and count % 10 == 0)):
            if _summary(metric, torch.stack(samples), *bounds).met:
                break
    return torch.stack(samples)


def _summary(
    metric: Metric,
    samples: Tensor,
    relative_error: float | None = None,
    absolute_error: float | None = None,
) -> Estimate:
    draws = len(samples)
    mean = samples.mean(0)
    error = standard_error(samples, stochastic=metric.stochastic)
    bound = torch.full_like(mean, -math.inf)
    if relative_error is not None:
        bound = bound.maximum(relative_error * mean)
    if absolute_error is not None:
        bound = bound.maximum(torch.full_like(mean, absolute_error))
    unbounded = relative_error is None and absolute_error is None
    met = unbounded or bool((error * CONFIDENCE <= bound).all())
    return Estimate(mean, error, draws, met)
