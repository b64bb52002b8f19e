"""Distances on draws; `test_ranks` has them computed by processes of their own."""

from __future__ import annotations

import torch

from elpips.geometry.shared_barycenter import distances_on
from elpips.metrics import Ensemble
from tiny_metric import tiny

IMAGES = torch.rand(3, 3, 20, 24, generator=torch.Generator().manual_seed(0))


def test_distances_are_the_metrics() -> None:
    metric = tiny(Ensemble(scale_levels=2))
    draws = list(metric.draws((20, 24), 2, torch.Generator().manual_seed(1)))
    found = distances_on(metric, IMAGES[1:], IMAGES[:1], draws)
    for row, draw in zip(found, draws, strict=True):
        points = metric.embed(IMAGES, draw)
        torch.testing.assert_close(row, metric.distance(points[1:], points[:1]))
    assert distances_on(metric, IMAGES[1:], IMAGES[:1], []).shape == (0, 2)
