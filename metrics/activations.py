"""What a metric keeps in memory of an image, and how to have it keep less."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch
from torch import Tensor

from .backgrounds import OverBackgrounds
from .base import Draw, Embedding, Metric
from .perceptual import PerceptualMetric
from .seeds import stream

_SIDES = 64, 96
_TRIES = 200


def checkpointed(metric: Metric) -> Metric:
    """Return a metric whose gradients are computed with activation checkpointing [1]_.

    Of the network's blocks only what goes into them is kept; the backward pass computes them
    again. Gradients are the same. A metric without such a network comes back as it is, over
    backgrounds too.

    References
    ----------
    .. [1] Chen, Xu, Zhang, Guestrin, "Training Deep Nets with Sublinear Memory Cost",
       arXiv 1604.06174.
    """
    if isinstance(metric, OverBackgrounds):
        inner = checkpointed(metric.inner)
        if inner is metric.inner:
            return metric
        found: Metric = OverBackgrounds(inner)
    elif isinstance(metric, PerceptualMetric):
        found = copy.copy(metric)
    else:
        return metric
    found.sparing = True
    return found


@dataclass(frozen=True)
class Activations:
    """Bytes that an image's way through a metric takes.

    Attributes
    ----------
    embedding
        Of its point.
    tape
        Of all that is kept for a gradient, the point included.
    widest
        Of the largest tensor on the way.
    """

    embedding: float
    tape: float
    widest: float

    @staticmethod
    def of(metric: Metric, size: tuple[int, int], like: Tensor) -> Activations:
        """Return what images of ``size`` (H, W), of the type and device of another, take.

        Seen on two small ones: bytes are those of a side with a border, squared.
        """
        measured = [_measured(metric, side, like) for side in _SIDES]
        first, second = _SIDES
        found = []
        for small, large in zip(*measured, strict=True):
            slope = (large**0.5 - small**0.5) / (second - first)
            border = small**0.5 - slope * first
            found.append((slope * size[0] + border) * (slope * size[1] + border))
        return Activations(*found)


def _measured(metric: Metric, side: int, like: Tensor) -> tuple[int, int, int]:
    kept: dict[int, int] = {}
    fixed = {each.untyped_storage().data_ptr() for each in metric.buffers()}

    def see(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in fixed:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    image = like.new_full((1, metric.channels, side, side), 0.5).requires_grad_()
    with torch.enable_grad(), torch.autograd.graph.saved_tensors_hooks(see, lambda each: each):
        point: Embedding = metric.embed(image, _whole(metric, side))
    for layer in point.layers:
        see(layer)
    sizes = [layer.untyped_storage().nbytes() for layer in point.layers]
    return sum(sizes), sum(kept.values()), max(kept.values())


def _whole(metric: Metric, side: int) -> Draw:
    """Return a draw that does not make images smaller, if one comes soon."""
    generator = stream(0, "optimise")
    draw = metric.draw((side, side), generator)
    for _ in range(_TRIES):
        if draw.share == 1:
            break
        draw = metric.draw((side, side), generator)
    return draw
