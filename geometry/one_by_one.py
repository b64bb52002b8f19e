"""Distances to several images in the memory of three embeddings, however many they are.

Every image is embedded when it is needed, once more where it is needed again. So is done under a
metric that is `sparing`, of images of which not all fit the memory at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ..metrics import Draw, Embedding, Metric

Slope = Callable[[int, Tensor], Tensor]
"""The derivative (1,) of an objective by the distance to the input of a number, given that (1,)."""


def distances_one_by_one(metric: Metric, inputs: Tensor, x: Tensor, draw: Draw) -> Tensor:
    """Return the distances (K,) of x (1, 3, H, W) to inputs (K, 3, H, W)."""
    with torch.no_grad():
        point = metric.embed(x, draw)
        return torch.cat([metric.distance(metric.embed(a, draw), point) for a in inputs.split(1)])


def distances_to_last(metric: Metric, points: Tensor, count: int, draw: Draw) -> Tensor:
    """Return the distances (N, count) of images (N, 3, H, W) to the last ``count`` of them."""
    first = len(points) - count
    found = points.new_zeros(len(points), count)
    for column in range(count):
        others = points[: first + column]
        row = distances_one_by_one(metric, others, points[first + column, None], draw)
        found[: first + column, column] = row
        found[first + column, :column] = row[first:]
    return found


def gradient_one_by_one(
    metric: Metric, inputs: Tensor, x: Tensor, draw: Draw, slope: Slope
) -> tuple[Tensor, Tensor]:
    """Return the distances (K,) of x (1, 3, H, W) to inputs, and a gradient (1, 3, H, W) on x.

    The gradient is that of an objective that a distance changes by its ``slope``.
    """
    variable = x.detach().requires_grad_()
    point = metric.embed(variable, draw)
    wanted: list[Tensor | None] = []
    root = _Later.apply(wanted, *point.layers)
    leaf = Embedding(tuple(layer.detach().requires_grad_() for layer in point.layers))
    del point
    found = []
    for index, image in enumerate(inputs.split(1)):
        with torch.no_grad():
            other = metric.embed(image, draw)
        distance = metric.distance(leaf, other)
        (slope(index, distance.detach()) * distance).sum().backward()
        found.append(distance.detach())
        # Before the next one is embedded.
        del distance, other
    wanted += [layer.grad for layer in leaf.layers]
    del leaf
    (gradient,) = torch.autograd.grad(root, variable)
    return torch.cat(found), gradient


class _Later(torch.autograd.Function):
    """A root of the graph whose gradients on tensors are given later, when these may be gone."""

    @staticmethod
    def forward(ctx: Any, wanted: list[Tensor | None], *layers: Tensor) -> Tensor:
        ctx.wanted = wanted
        return layers[0].new_zeros(())

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        del grad
        return None, *ctx.wanted
