"""L2 is the mean squared difference, and nothing about it is random."""

from __future__ import annotations

import torch

from elpips.metrics import Draw
from elpips.metrics.pixel import L2
from random_images import images, rng


def test_distance_is_the_mean_squared_difference() -> None:
    x, y = images(3, seed=1), images(3, seed=2)
    torch.testing.assert_close(L2()(x, y), (x - y).square().mean((1, 2, 3)))
    black, white = torch.zeros(1, 3, 5, 4), torch.ones(1, 3, 5, 4)
    torch.testing.assert_close(L2()(black, white), torch.ones(1))


def test_broadcasting_distance_sums_gradients() -> None:
    metric = L2()
    x, many = images(1, seed=1).requires_grad_(), images(4, seed=2)
    draw = metric.draw((17, 11))
    metric.distance(metric.embed(x, draw), metric.embed(many, draw)).sum().backward()
    expected = (2 * (x.detach() - many)).sum(0, keepdim=True) / x[0].numel()
    torch.testing.assert_close(x.grad, expected)


def test_a_draw_takes_no_random_numbers() -> None:
    generator = rng()
    assert L2().draw((17, 11), generator, batch=3) == Draw(3)
    assert torch.equal(generator.get_state(), rng().get_state())
    assert not L2().stochastic and L2().name == "l2" and L2().pretrained == ()


def test_images_stay_in_their_type() -> None:
    x, y = images(seed=1).double(), images(seed=2).double()
    assert L2()(x, y).dtype == torch.float64


def test_images_may_tile_and_are_as_far_apart() -> None:
    plain = L2()
    found = plain.tiled("y")
    x, y = images(3, seed=1), images(3, seed=2)
    assert (found.tile, plain.tile) == ("y", "none") and plain.tiled("none") is plain
    assert torch.equal(found(x, y), plain(x, y))
