"""What is known about a solution without knowing the optimum.

On shared draws D(x, y) = ||Phi(x) - Phi(y)||^2 in one fixed feature space, so for every
image x

    sum_k w_k D(x, a_k) = ||Phi(x) - m||^2 + V >= V = 1/2 sum_jk w_j w_k D(a_j, a_k)

with m the mean of the inputs' features. V is a lower bound for all images, exact on the
finite set of draws it was computed with; it is reached only if some image has the mean
features, so that ``excess`` bounds the distance from the optimum and is not an error.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..metrics import Embedding, Metric, check_image, check_images
from ..metrics.backgrounds import suited
from ..metrics.base import image_size
from ..metrics.seeds import stream
from ..metrics.statistics import standard_error
from ..optim import project
from .one_by_one import distances_to_last
from .options import check_draws
from .simplex import to_simplex, weighted_mean


@dataclass(frozen=True)
class Value:
    """A mean over draws and its standard error."""

    objective: float
    standard_error: float


@dataclass(frozen=True)
class BarycenterEvaluation:
    """A barycenter judged on draws that nothing was optimised or selected on.

    Attributes
    ----------
    objective, standard_error
        sum_k w_k D(x, a_k)^power with D averaged over the draws.
    lower_bound
        No image has a lower objective on these draws: V for power 1, V^2 for power 2.
    excess
        objective / lower_bound - 1; infinite where the bound is 0.
    draws
        Number of draws.
    baseline
        The weighted pixel mean of the inputs, on the same draws.
    inputs
        Each input as if it were the barycenter, on the same draws.
    advantage
        objective minus the baseline's, with the standard error of that difference.
    """

    objective: float
    standard_error: float
    lower_bound: float
    excess: float
    draws: int
    baseline: Value
    inputs: tuple[Value, ...]
    advantage: Value

    @property
    def beats_baseline(self) -> bool:
        """Whether the objective is not above the pixel mean's."""
        return self.advantage.objective <= 0


def pairwise_distances(metric: Metric, embedding: Embedding) -> Tensor:
    """Return the symmetric matrix (N, N) of distances between the points of an embedding."""
    count = len(embedding)
    matrix = embedding.layers[0].new_zeros(count, count)
    for i in range(count - 1):
        row = metric.distance(embedding[i + 1 :], embedding[i : i + 1])
        matrix[i, i + 1 :] = matrix[i + 1 :, i] = row
    return matrix


@torch.no_grad()
def evaluate_barycenter(
    metric: Metric,
    image: Tensor,
    inputs: Tensor,
    weights: Sequence[float] | Tensor | None = None,
    *,
    power: int = 1,
    draws: int = 64,
    seed: int = 0,
    progress: Callable[[int], object] | None = None,
) -> BarycenterEvaluation:
    """Evaluate ``image`` (3, H, W) as the barycenter of ``inputs`` (K, 3, H, W).

    Images are RGB or premultiplied RGBA in [0, 1]; ``weights`` (K,) are at least 0 and brought to
    sum to 1, or equal if not given. The image, the pixel mean and the inputs share
    every draw, so that their differences are known better than their values. ``progress``
    is called with the number of draws so far.
    """
    check_draws(draws)
    metric = suited(metric, inputs)
    check_images(inputs, "inputs", metric.channels)
    check_image(image, "image", metric.channels)
    draws = draws if metric.stochastic else 1
    weights = to_simplex(weights, len(inputs))
    mean = weighted_mean(inputs, weights)
    points = project(torch.cat([image[None], mean[None], inputs]))
    matrices: list[Tensor] = []
    for draw in metric.draws(image_size(points), draws, stream(seed, "evaluate")):
        if metric.sparing:
            rows = distances_to_last(metric, points, len(inputs), draw)
        else:
            rows = pairwise_distances(metric, metric.embed(points, draw))[:, 2:]
        matrices.append(rows.double().cpu())
        if progress is not None:
            progress(len(matrices))
    # Distances from every candidate (image, mean, inputs) to the inputs: (draws, K + 2, K).
    candidates = torch.stack(matrices)
    values, linearised = _objectives(candidates, weights, power)
    errors = standard_error(linearised, stochastic=metric.stochastic)
    apart = linearised[:, 0] - linearised[:, 1]
    difference = standard_error(apart, stochastic=metric.stochastic)
    between = candidates[:, 2:].mean(0)
    bound = float(0.5 * weights @ between @ weights) ** power
    objective = float(values[0])
    return BarycenterEvaluation(
        objective=objective,
        standard_error=float(errors[0]),
        lower_bound=bound,
        excess=objective / bound - 1 if bound > 0 else (math.inf if objective > 0 else 0.0),
        draws=draws,
        baseline=Value(float(values[1]), float(errors[1])),
        inputs=tuple(
            Value(float(v), float(e)) for v, e in zip(values[2:], errors[2:], strict=True)
        ),
        advantage=Value(
            float(values[0] - values[1]),
            float(difference),
        ),
    )


def _objectives(distances: Tensor, weights: Tensor, power: int) -> tuple[Tensor, Tensor]:
    """Return objectives (M,) and their samples (draws, M), linearised about the mean."""
    mean = distances.mean(0)
    values = (mean**power) @ weights
    linearised = (power * mean ** (power - 1) * distances) @ weights
    return values, linearised
