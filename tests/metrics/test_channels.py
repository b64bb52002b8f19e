"""Distances channel by channel add up to the metric's."""

from __future__ import annotations

import pytest
import torch

from elpips.metrics import Ensemble, create_metric
from elpips.metrics.channels import channel_distances, linear_weights, unit_weighted
from elpips.metrics.weights import unit_linear
from tiny_metric import LINEAR, tiny

X, Y = torch.rand(2, 4, 3, 17, 11, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("ensemble", [None, Ensemble()])
@pytest.mark.parametrize("batch", [1, 4])
def test_channels_times_weights_are_the_distance(ensemble, batch: int) -> None:
    metric = tiny(ensemble)
    draw = metric.draw((17, 11), torch.Generator().manual_seed(1), batch)
    unit = unit_weighted(metric)
    channels = channel_distances(unit.embed(X, draw), unit.embed(Y, draw))
    assert [tuple(each.shape) for each in channels] == [(4, 3), (4, 5)]
    expected = metric.distance(metric.embed(X, draw), metric.embed(Y, draw))
    found = torch.cat(channels, 1) @ torch.cat(linear_weights(metric))
    torch.testing.assert_close(found, expected)


def test_linear_weights_are_those_given() -> None:
    for found, given in zip(linear_weights(tiny()), LINEAR, strict=True):
        torch.testing.assert_close(found, given)


def test_one_image_is_compared_with_all() -> None:
    unit = unit_weighted(tiny())
    draw = unit.draw((17, 11))
    one = channel_distances(unit.embed(X, draw), unit.embed(Y[:1], draw))
    same = channel_distances(unit.embed(X, draw), unit.embed(Y[:1].repeat(4, 1, 1, 1), draw))
    for a, b in zip(one, same, strict=True):
        torch.testing.assert_close(a, b)


@pytest.mark.weights
@pytest.mark.parametrize("name", ["elpips_vgg", "lpips_vgg", "lpips_alex"])
def test_channels_of_real_networks(name: str) -> None:
    metric = create_metric(name)
    unit = create_metric(name, linear=unit_linear(name))
    x, y = torch.rand(2, 1, 3, 32, 40, generator=torch.Generator().manual_seed(0))
    draw = metric.draw((32, 40), torch.Generator().manual_seed(2))
    channels = channel_distances(unit.embed(x, draw), unit.embed(y, draw))
    found = torch.cat(channels, 1) @ torch.cat(linear_weights(metric))
    expected = metric.distance(metric.embed(x, draw), metric.embed(y, draw))
    torch.testing.assert_close(found, expected)
