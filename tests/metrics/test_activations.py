"""What a metric keeps of an image, and the same gradient with less of it."""

from __future__ import annotations

import pytest
import torch

from elpips.metrics import Ensemble, OverBackgrounds, create_metric
from elpips.metrics.activations import Activations, checkpointed
from narrow_vgg import narrow
from random_images import images, rng
from tiny_metric import tiny

PAIR = images(2, 70, 66, seed=1)


def gradient(metric, draw) -> torch.Tensor:
    x = PAIR[:1].clone().requires_grad_()
    distance = metric.distance(metric.embed(x, draw), metric.embed(PAIR[1:], draw))
    return torch.autograd.grad(distance.sum(), x)[0]


def test_gradients_are_the_same_bit_by_bit() -> None:
    metric = narrow()
    draw = metric.draw((70, 66), rng(3))
    found = gradient(checkpointed(metric), draw)
    assert found.abs().max() > 0 and torch.equal(found, gradient(metric, draw))


def test_far_less_is_kept() -> None:
    metric = narrow()
    plain, little = (
        Activations.of(each, (128, 160), PAIR) for each in (metric, checkpointed(metric))
    )
    assert little.embedding == plain.embedding < little.tape < 0.6 * plain.tape
    assert plain.widest < plain.tape


def test_what_is_foreseen_of_a_size_is_what_it_takes() -> None:
    metric = narrow()
    draw = next(draw for draw in metric.draws((150, 181), 50, rng()) if draw.share == 1)
    layers = metric.embed(images(1, 150, 181, seed=4), draw).layers
    bytes_there = sum(each.numel() * each.element_size() for each in layers)
    foreseen = Activations.of(metric, (150, 181), PAIR).embedding
    assert foreseen == pytest.approx(bytes_there, rel=0.01)


def test_metrics_of_all_kinds() -> None:
    l2 = create_metric("l2")
    assert checkpointed(l2) is l2
    assert Activations.of(l2, (100, 50), PAIR).embedding == pytest.approx(100 * 50 * 12)
    # Nor is it changed on the way: a later run without checkpointing has the same one.
    transparent_l2 = OverBackgrounds(l2)
    assert checkpointed(transparent_l2) is transparent_l2 and not transparent_l2.sparing
    transparent = OverBackgrounds(tiny(Ensemble()))
    found = checkpointed(transparent)
    assert isinstance(found, OverBackgrounds) and found.sparing and found.inner.sparing
    assert not transparent.sparing and not transparent.inner.sparing
