"""A distance channel by channel: what its linear weights are fitted to.

A perceptual metric is linear in its weights: d(a, b) = sum_l w_l . c_l(a, b), where c_l are
mean squared differences of unit features. With the c_l of a set of images at hand, distances
under any non-negative weights are one product away.

>>> unit = unit_weighted(metric)  # doctest: +SKIP
>>> channels = channel_distances(unit.embed(x, draw), unit.embed(y, draw))  # doctest: +SKIP
>>> torch.cat(channels, 1) @ torch.cat(linear_weights(metric))  # doctest: +SKIP
"""

from __future__ import annotations

import torch
from torch import Tensor

from .base import Embedding
from .perceptual import PerceptualMetric


def linear_weights(metric: PerceptualMetric) -> list[Tensor]:
    """Return a metric's linear weights w_l >= 0, (C_l,) per layer, first layer first."""
    return [metric.get_buffer(f"root{i}").square().flatten() for i in range(metric.layers)]


def unit_weighted(metric: PerceptualMetric) -> PerceptualMetric:
    """Return a copy of a metric with all linear weights 1; the network is shared."""
    ones = [torch.ones_like(weights) for weights in linear_weights(metric)]
    return PerceptualMetric(metric.name, metric.trunk, ones, metric.ensemble, metric.pretrained[:1])


def channel_distances(a: Embedding, b: Embedding) -> list[Tensor]:
    """Return the distances of embeddings channel by channel.

    Parameters
    ----------
    a, b
        Of N images each, or one, by the same draw of a metric with linear weights of 1
        (`unit_weighted`).

    Returns
    -------
    list of Tensor
        Per layer (N, C_l): the spatial mean of squared differences of features normalised over
        channels. The sum of their products with linear weights is the distance under these.
    """
    layers = zip(a.layers, b.layers, strict=True)
    return [(u - v).square_().sum((2, 3)) for u, v in layers]
