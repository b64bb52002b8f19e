"""The objective of a barycenter on draws that several ranks share out, or that one has all."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..metrics import Draw, Embedding, Metric
from .company import Company
from .one_by_one import distances_one_by_one, gradient_one_by_one


def objective(
    ranks: Company,
    metric: Metric,
    inputs: Tensor,
    weights: Tensor,
    x: Tensor,
    draws: Sequence[Draw],
    power: int,
    targets: Embedding | None = None,
) -> tuple[float, Tensor]:
    """Return sum_k w_k (mean over draws of D(x, a_k))^power and its gradient, each draw a rank's.

    Inputs a_k are (K, 3, H, W), x is (1, 3, H, W); ``targets`` are the inputs' embeddings where
    they are known. See `Ranks.call`.
    """
    if metric.sparing:
        return _sparing_objective(ranks, metric, inputs, weights, x, draws, power)
    variable = x.detach().requires_grad_()
    own = torch.zeros_like(weights)
    for draw in draws[ranks.rank :: ranks.size]:
        with torch.no_grad():
            points = metric.embed(inputs, draw) if targets is None else targets
        own = own + metric.distance(metric.embed(variable, draw), points)
    means = ranks.total(own, everywhere=True) / len(draws)
    gradient = torch.zeros_like(x)
    if own.requires_grad:
        # A mean to a power is no sum over draws: its slope takes the mean of all ranks.
        slope = weights * power * means ** (power - 1) / len(draws)
        (gradient,) = torch.autograd.grad(slope @ own, variable)
    return float(weights @ means**power), ranks.total(gradient)


def distances(
    ranks: Company, metric: Metric, inputs: Tensor, x: Tensor, draws: Sequence[Draw]
) -> Tensor:
    """Return the distances (draws, K) of x (1, 3, H, W) to K inputs, each draw a rank's."""
    found = x.new_zeros(len(draws), len(inputs))
    for index in range(ranks.rank, len(draws), ranks.size):
        found[index] = _distances(metric, inputs, x, draws[index])
    return ranks.total(found)


@torch.no_grad()
def _distances(metric: Metric, inputs: Tensor, x: Tensor, draw: Draw) -> Tensor:
    if metric.sparing:
        return distances_one_by_one(metric, inputs, x, draw)
    embedding = metric.embed(torch.cat([x, inputs]), draw)
    return metric.distance(embedding[1:], embedding[:1])


def _sparing_objective(
    ranks: Company,
    metric: Metric,
    inputs: Tensor,
    weights: Tensor,
    x: Tensor,
    draws: Sequence[Draw],
    power: int,
) -> tuple[float, Tensor]:
    """Return the same an image and a draw at a time; a power of several draws' mean takes two."""
    own, means = draws[ranks.rank :: ranks.size], None
    if power > 1 and len(draws) > 1:
        totals = torch.zeros_like(weights)
        for draw in own:
            totals += _distances(metric, inputs, x, draw)
        means = ranks.total(totals, everywhere=True) / len(draws)

    def slope(index: int, distance: Tensor) -> Tensor:
        mean = distance if means is None else means[index]
        return weights[index] * power * mean ** (power - 1) / len(draws)

    total, gradient = torch.zeros_like(weights), torch.zeros_like(x)
    for draw in own:
        values, part = gradient_one_by_one(metric, inputs, x, draw, slope)
        total += values
        gradient += part
    means = ranks.total(total, everywhere=True) / len(draws)
    return float(weights @ means**power), ranks.total(gradient)
