"""The objective of a barycenter computed by several ranks, each on draws of its own."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..metrics import Draw, Metric
from .ranks import Constant, Ranks


def shared_objective(
    ranks: Ranks,
    metric: Metric,
    inputs: Tensor,
    weights: Tensor,
    x: Tensor,
    draws: Sequence[Draw],
    power: int,
) -> tuple[float, Tensor]:
    """Return sum_k w_k (mean over draws of D(x, a_k))^power and its gradient, by all ranks.

    Inputs a_k are (K, 3, H, W), x is (1, 3, H, W).
    """
    return ranks.call(
        _objective, Constant(metric), Constant(inputs), weights, x, list(draws), power
    )


def shared_distances(
    ranks: Ranks, metric: Metric, inputs: Tensor, x: Tensor, draws: Sequence[Draw]
) -> Tensor:
    """Return the distances (draws, K) of x (1, 3, H, W) to K inputs, by all ranks."""
    return ranks.call(_distances, Constant(metric), Constant(inputs), x, list(draws))


@torch.no_grad()
def distances_on(metric: Metric, inputs: Tensor, x: Tensor, draws: Sequence[Draw]) -> Tensor:
    """Return the distances (draws, K) of x (1, 3, H, W) to K inputs on each draw."""
    points = torch.cat([x, inputs])
    found = []
    for draw in draws:
        embedding = metric.embed(points, draw)
        found.append(metric.distance(embedding[1:], embedding[:1]))
    return torch.stack(found) if found else x.new_zeros(0, len(inputs))


def _objective(
    ranks: Ranks,
    metric: Metric,
    inputs: Tensor,
    weights: Tensor,
    x: Tensor,
    draws: Sequence[Draw],
    power: int,
) -> tuple[float, Tensor]:
    variable = x.detach().requires_grad_()
    own = torch.zeros_like(weights)
    for draw in draws[ranks.rank :: ranks.size]:
        with torch.no_grad():
            targets = metric.embed(inputs, draw)
        own = own + metric.distance(metric.embed(variable, draw), targets)
    means = ranks.total(own, everywhere=True) / len(draws)
    gradient = torch.zeros_like(x)
    if own.requires_grad:
        # A mean to a power is no sum over draws: its slope takes the mean of all ranks.
        slope = weights * power * means ** (power - 1) / len(draws)
        (gradient,) = torch.autograd.grad(slope @ own, variable)
    return float(weights @ means**power), ranks.total(gradient)


def _distances(
    ranks: Ranks, metric: Metric, inputs: Tensor, x: Tensor, draws: Sequence[Draw]
) -> Tensor:
    found = x.new_zeros(len(draws), len(inputs))
    found[ranks.rank :: ranks.size] = distances_on(
        metric, inputs, x, draws[ranks.rank :: ranks.size]
    )
    return ranks.total(found)
