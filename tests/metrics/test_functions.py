"""The element-wise functions, against the same written with PyTorch's operations."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from elpips.metrics.functions import (
    AveragePool,
    SquaredDistance,
    SquaredSteps,
    WeightedUnit,
    ZeroAt,
)
from random_images import rng


def features(*shape: int, seed: int = 0) -> torch.Tensor:
    values = torch.randn(shape, generator=rng(seed), dtype=torch.float64)
    return values.requires_grad_()


def assert_same(function, reference, *inputs: torch.Tensor) -> None:
    """Compare values, and gradients along a random direction."""
    value, expected = function(*inputs), reference(*inputs)
    torch.testing.assert_close(value, expected)
    direction = features(*expected.shape, seed=9).detach()
    wanted = [each for each in inputs if each.requires_grad]
    found = torch.autograd.grad(value, wanted, direction)
    torch.testing.assert_close(found, torch.autograd.grad(expected, wanted, direction))


@pytest.mark.parametrize("memory", [torch.contiguous_format, torch.channels_last])
def test_weighted_unit(memory) -> None:
    root = torch.rand(5, 1, 1, generator=rng(), dtype=torch.float64)
    root[2] = 0

    def reference(f):
        return root * f / f.norm(dim=1, keepdim=True) / 63**0.5

    f = features(2, 5, 9, 7).detach().to(memory_format=memory).requires_grad_()
    assert_same(lambda f: WeightedUnit.apply(f, root), reference, f)


def test_weighted_unit_has_a_finite_gradient_where_features_vanish() -> None:
    f = torch.zeros(1, 5, 2, 2, requires_grad=True)
    (gradient,) = torch.autograd.grad(WeightedUnit.apply(f, torch.ones(5, 1, 1)).sum(), f)
    assert gradient.isfinite().all()


@pytest.mark.parametrize("memory", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("size", [(8, 6), (9, 7), (2, 3), (16, 5)])
def test_average_pool(size, memory) -> None:
    x = features(2, 3, *size).detach().to(memory_format=memory).requires_grad_()
    assert_same(AveragePool.apply, lambda x: F.avg_pool2d(x, 2), x)


def test_zero_at() -> None:
    positions = torch.tensor([0, 3, 4])
    kept = torch.tensor([0.0, 1, 1, 0, 0, 1], dtype=torch.float64)
    # As in a network, another operation makes the gradient.
    assert_same(lambda x: 2 * ZeroAt.apply(x, positions), lambda x: 2 * kept * x, features(2, 6))


@pytest.mark.parametrize("others", [1, 3])
def test_squared_distance(others: int) -> None:
    def reference(a, b):
        return (a - b).square().flatten(1).sum(1)

    a, b = features(3, 2, 4, 5, seed=1), features(others, 2, 4, 5, seed=2)
    assert_same(SquaredDistance.apply, reference, a, b)


@pytest.mark.parametrize("memory", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("count", [1, 2, 5])
def test_squared_steps(count: int, memory) -> None:
    before, after = (features(1, 2, 4, 5, seed=each).detach() for each in (1, 2))

    def reference(points):
        return torch.cat([before, points, after]).diff(dim=0).square().flatten(1).sum(1)

    points = features(count, 2, 4, 5).detach().to(memory_format=memory).requires_grad_()
    assert_same(lambda points: SquaredSteps.apply(before, points, after), reference, points)


def test_sums_over_large_maps_are_exact_to_float32() -> None:
    a, b = torch.rand(2, 1, 8, 400, 400, generator=rng())
    exact = (a.double() - b.double()).square().sum()
    assert abs(float(SquaredDistance.apply(a, b)) / exact - 1) < 1e-6
    rough = SquaredDistance.apply(a.bfloat16(), b.bfloat16())
    assert rough.dtype == torch.float32
    assert abs(float(rough) / exact - 1) < 1e-3


POINTS = features(2, 3, 4, 6).detach()


@pytest.mark.parametrize(
    "function",
    [
        lambda x: WeightedUnit.apply(x, torch.ones(3, 1, 1)),
        lambda x: 2 * ZeroAt.apply(x.flatten(1), torch.tensor([0, 3])),
        AveragePool.apply,
        lambda x: SquaredDistance.apply(x, POINTS),
        lambda x: SquaredSteps.apply(POINTS[:1], x, POINTS[1:]),
    ],
    ids=["unit", "zeros", "pool", "distance", "steps"],
)
def test_gradients_of_gradients_are_refused_in_plain_words(function) -> None:
    x = features(2, 3, 4, 6, seed=1)
    (slope,) = torch.autograd.grad(function(x).square().sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        slope.square().sum().backward()


@pytest.mark.parametrize("size", [0.0, 1.0, 400.0])
def test_features_of_float16_are_as_those_of_float32(size: float) -> None:
    narrow = (size * features(1, 5, 3, 2).detach()).half().requires_grad_()
    wide = narrow.detach().float().requires_grad_()
    root = torch.rand(5, 1, 1, generator=rng())
    found, expected = (WeightedUnit.apply(each, root) for each in (narrow, wide))
    assert found.dtype == torch.float32 and torch.equal(found, expected)
    direction = features(1, 5, 3, 2, seed=2).detach().float()
    (slope,), (wanted,) = (
        torch.autograd.grad(y, x, direction) for y, x in ((found, narrow), (expected, wide))
    )
    assert torch.equal(slope, wanted.half())
