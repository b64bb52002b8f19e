"""Triplets with attacked images."""

from __future__ import annotations

import pytest
import torch

from elpips.scripts.calibration.attacked import (
    ATTACKED,
    attacked_distances,
    attacked_images,
    with_images,
)
from elpips.scripts.calibration.dataset import Triplets
from tiny_metric import tiny


@pytest.mark.parametrize("attacked", ATTACKED)
def test_distances_are_of_the_images_that_were_put_in(attacked) -> None:
    rng = torch.Generator().manual_seed(0)
    triplets = Triplets(*torch.rand(3, 2, 3, 6, 7, generator=rng), torch.tensor([0.0, 1.0]))
    metric = tiny()
    draw = metric.draw((6, 7))
    distances = attacked_distances(
        triplets, attacked, lambda images: metric.embed(images, draw), metric.distance
    )
    images = torch.rand(2, len(ATTACKED[attacked]), 3, 6, 7, generator=rng).requires_grad_()
    found, changed = distances(images), with_images(triplets, attacked, images)
    for value, kind in zip(found, ("p0", "p1"), strict=True):
        torch.testing.assert_close(value, metric(changed.ref, getattr(changed, kind)))
    assert torch.equal(attacked_images(changed, attacked), images)
    (gradient,) = torch.autograd.grad(sum(value.sum() for value in found), images)
    assert gradient.flatten(2).any(-1).all()
    kept = {"ref", "p0", "p1"} - set(ATTACKED[attacked])
    assert all(getattr(changed, kind) is getattr(triplets, kind) for kind in kept)
