"""A metric in training: linear weights, and a network if wanted, that gradients flow to."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ...metrics import Metric
from ...metrics.channels import linear_weights
from ...metrics.functions import WeightedUnit
from ...metrics.perceptual import PerceptualMetric
from ...metrics.trunks import Trunk, normalise

Features = Sequence[Tensor]
"""Per layer (N, C_l, H_l, W_l): unit features over the root of the number of pixels."""


@dataclass(frozen=True)
class Trainable:
    """An LPIPS whose weights can be trained; nothing in it is random, no dropout either.

    Attributes
    ----------
    name
        The metric's name.
    trunk
        The network; its own copy where it is trained.
    linear
        (C,), at least 0: all layers side by side.
    trains_trunk
        Whether gradients flow to the network.
    """

    name: str
    trunk: Trunk
    linear: Tensor
    trains_trunk: bool = False

    @staticmethod
    def of(metric: PerceptualMetric, *, train_trunk: bool = False) -> Trainable:
        """Return a trainable copy of an LPIPS metric, which itself stays as it is."""
        trunk = copy.deepcopy(metric.trunk) if train_trunk else metric.trunk
        if train_trunk:
            for tensor in trunk.buffers():
                tensor.requires_grad_()
        linear = torch.cat(linear_weights(metric)).clone().requires_grad_()
        return Trainable(metric.name, trunk, linear, train_trunk)

    @property
    def network_tensors(self) -> list[Tensor]:
        """Weights and biases of the network that are trained, in the order of their names.

        The order in which files give them is another in each process.
        """
        named = sorted(self.trunk.named_buffers()) if self.trains_trunk else []
        return [tensor for _, tensor in named]

    def features(self, images: Tensor) -> Features:
        """Return the features of images (N, 3, H, W), in [0, 1] or not."""
        layers = self.trunk(normalise(images), _keep_all)
        return [WeightedUnit.apply(layer, layer.new_ones(1, 1, 1)) for layer in layers]

    def distance(self, a: Features, b: Features) -> Tensor:
        """Return the distances (N,) of the features of N and N images."""
        channels = [(u - v).square().sum((2, 3)) for u, v in zip(a, b, strict=True)]
        return torch.cat(channels, 1) @ self.linear

    def all_distances(self, a: Features, b: Features) -> Tensor:
        """Return the distances (N, M) of N images and M others."""
        total: Tensor | float = 0.0
        for u, v, weights in zip(a, b, self._parts(a), strict=True):
            scale = weights[:, None, None]
            squares = [((each * scale) * each).flatten(1).sum(1) for each in (u, v)]
            cross = (u * scale).flatten(1) @ v.flatten(1).T
            total = total + squares[0][:, None] + squares[1][None] - 2 * cross
        assert isinstance(total, Tensor)
        return total.clamp_min(0)

    @torch.no_grad()
    def keep_sum(self, total: float) -> None:
        """Bring the linear weights back to at least 0, and to their sum."""
        self.linear.clamp_(min=0)
        self.linear.mul_(total / self.linear.sum().clamp_min(1e-30))

    def metric(self) -> Metric:
        """Return the metric as it is now, its weights cut off from gradients."""
        trunk = copy.deepcopy(self.trunk)
        for tensor in trunk.buffers():
            tensor.requires_grad_(False)
        return PerceptualMetric(self.name, trunk, self.linear_parts())

    def linear_parts(self) -> list[Tensor]:
        """Return the linear weights (C_l,) layer by layer, cut off from gradients."""
        with torch.no_grad():
            layers = self.trunk(
                self.linear.new_zeros(1, 3, *2 * (self.trunk.smallest_side,)), _keep_all
            )
        return list(self.linear.detach().clone().split([each.shape[1] for each in layers]))

    def _parts(self, features: Features) -> Sequence[Tensor]:
        return self.linear.split([each.shape[1] for each in features])


def _keep_all(x: Tensor) -> Tensor:
    return x
