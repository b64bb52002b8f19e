"""VGG16 with few channels and random weights: all layers there are, and quick."""

from __future__ import annotations

import torch

from elpips.metrics import Ensemble
from elpips.metrics.perceptual import PerceptualMetric
from elpips.metrics.trunks import VGG16
from random_images import rng

_INDICES = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)
_KEEP = 0.9


def narrow() -> PerceptualMetric:
    """Return an E-LPIPS of it."""
    tensors, width = {}, 3
    for index, out in zip(_INDICES, [4, 5] * 6 + [4], strict=True):
        tensors[f"features.{index}.weight"] = torch.randn(out, width, 3, 3, generator=rng()) / 3
        tensors[f"features.{index}.bias"] = torch.rand(out, generator=rng(1)) / 3
        width = out
    trunk = VGG16(tensors, _KEEP, average_pooling=True, all_layers=True)
    widths = (3, *(len(tensors[f"features.{index}.bias"]) for index in _INDICES))
    linear = [torch.rand(each, generator=rng(2)) for each in widths]
    return PerceptualMetric("narrow", trunk, linear, Ensemble(dropout_keep=_KEEP))
