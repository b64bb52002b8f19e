"""A barycenter's objective by draws; `test_ranks` has processes of their own compute it."""

from __future__ import annotations

import pytest
import torch

from elpips.geometry.company import Alone
from elpips.geometry.shared_barycenter import distances, objective
from elpips.metrics import Ensemble, Metric
from elpips.metrics.activations import checkpointed
from tiny_metric import tiny

IMAGES = torch.rand(3, 3, 20, 24, generator=torch.Generator().manual_seed(0))


METRIC = tiny(Ensemble(scale_levels=2))
DRAWS = list(METRIC.draws((20, 24), 3, torch.Generator().manual_seed(1)))
WEIGHTS = torch.tensor([0.25, 0.75])


@pytest.mark.parametrize("metric", [METRIC, checkpointed(METRIC)])
def test_distances_are_the_metrics(metric: Metric) -> None:
    found = distances(Alone(), metric, IMAGES[1:], IMAGES[:1], DRAWS)
    for row, draw in zip(found, DRAWS, strict=True):
        points = METRIC.embed(IMAGES, draw)
        torch.testing.assert_close(row, METRIC.distance(points[1:], points[:1]))
    assert distances(Alone(), metric, IMAGES[1:], IMAGES[:1], []).shape == (0, 2)


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("power", [1, 2])
def test_the_objective_and_its_gradient_in_little_memory_and_in_much(
    count: int, power: int
) -> None:
    draws = DRAWS[:count]
    x = IMAGES[:1].clone().requires_grad_()
    means = torch.stack(
        [METRIC.distance(METRIC.embed(x, d), METRIC.embed(IMAGES[1:], d)) for d in draws]
    ).mean(0)
    expected = WEIGHTS @ means**power
    (slope,) = torch.autograd.grad(expected, x)
    for metric in (METRIC, checkpointed(METRIC)):
        value, gradient = objective(Alone(), metric, IMAGES[1:], WEIGHTS, x, draws, power)
        assert value == pytest.approx(float(expected.detach()), rel=1e-5)
        torch.testing.assert_close(gradient, slope, rtol=1e-4, atol=1e-7)
