"""Training of the small network: the loss, the radii and going on after a stop."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from elpips.metrics import InputError
from elpips.metrics.lipschitz.certificates import certificate_of
from elpips.scripts.calibration.groups import Groups
from elpips.scripts.calibration.lipsim_training import (
    TrainingOptions,
    signed_radii,
    soft_count,
    train,
    turned,
)
from lipsim_files import SMALL, random_small
from random_images import images, rng

OPTIONS = TrainingOptions(steps=12, batch=3, rate=3e-2, margin=4.0, checkpoint=5)


def lessons(count: int = 6) -> list[Groups]:
    """Return groups in which the copy with less noise is preferred."""
    x = 0.2 + 0.6 * images(count, 16, 16)
    noise = torch.randn(2, *x.shape, generator=rng(1))
    copies = [x + scale * each for scale, each in zip((0.05, 0.2), noise, strict=True)]
    pixels = (torch.stack([x, *copies], 1).clamp(0, 1) * 255).round().to(torch.uint8)
    preferred = torch.tensor([[0.5, 0.1], [0.9, 0.5]]).expand(count, 2, 2)
    return [Groups(pixels, preferred)]


def test_radii_are_those_of_the_certificate() -> None:
    network, x = random_small(), images(6, 16, 16).view(2, 3, 3, 16, 16)
    found = signed_radii(network, x)
    features = network(x.flatten(0, 1)).detach().view(2, 3, -1)
    certificate = certificate_of(*features.unbind(1), 1.0)
    torch.testing.assert_close(
        found[:, 0, 1].abs().double(), certificate.reference, rtol=1e-2, atol=1e-3
    )
    assert torch.equal(found[:, 0, 1] > 0, certificate.closest == 1)
    torch.testing.assert_close(found, -found.mT)


def test_the_loss_weighs_what_judges_agree_on() -> None:
    radii = torch.tensor([[[0.0, 0.3], [-0.3, 0.0]]])

    def loss(share: float) -> float:
        return float(soft_count(radii, torch.tensor([[[0.5, share], [1 - share, 0.5]]]), 0.5, 0.1))

    def wrong(radius: float) -> float:
        return 1 / (1 + math.exp(-(0.5 - radius) / 0.1))

    assert loss(1.0) == pytest.approx(wrong(0.3)) and loss(0.75) == pytest.approx(wrong(0.3) / 2)
    assert loss(0.0) == pytest.approx(wrong(-0.3)) and loss(0.5) == 0


def test_images_are_turned_alike() -> None:
    x = images(2, 5, 5)
    seen = {tuple(turned(x, rng(seed))[0, 0, 0].tolist()) for seed in range(40)}
    assert len(seen) == 8
    y = turned(torch.stack([x, x]), rng(3))
    assert torch.equal(y[0], y[1])


def test_training_learns_and_goes_on_where_it_was(tmp_path: Path) -> None:
    groups = lessons()
    network, losses = train(groups, SMALL, OPTIONS)
    assert len(losses) == 12 and sum(losses[-3:]) < sum(losses[:3])
    path = tmp_path / "training.pt"

    class Stop(Exception):
        pass

    def stop(done: int, loss: float) -> None:
        if done == 7:
            raise Stop

    with pytest.raises(Stop):
        train(groups, SMALL, OPTIONS, path, {"set": "a"}, stop)
    steps: list[int] = []
    again, same = train(
        groups, SMALL, OPTIONS, path, {"set": "a"}, lambda done, loss: steps.append(done)
    )
    assert steps[0] == 6 and same == losses
    for ours, theirs in zip(network.parameters(), again.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    with pytest.raises(InputError, match="another training"):
        train(groups, SMALL, OPTIONS, path, {"set": "b"})
    path.write_bytes(b"damaged")
    with pytest.raises(InputError, match="cannot be gone on from"):
        train(groups, SMALL, OPTIONS, path, {"set": "a"})


def test_several_lessons_of_different_sizes() -> None:
    groups = lessons()
    three = Groups(
        torch.cat([groups[0].images, groups[0].images[:, :1]], 1), torch.full((6, 3, 3), 0.5)
    )
    _, losses = train([*groups, three], SMALL, replace(OPTIONS, steps=6))
    assert min(losses) == 0 < max(losses)


def test_patches_of_another_size_and_bad_options_are_refused() -> None:
    with pytest.raises(InputError, match="patches of"):
        train(lessons(), replace(SMALL, side=24), OPTIONS)
    for fields in ({"steps": 0}, {"rate": 0.0}, {"width": 0.0}):
        with pytest.raises(InputError, match="expected"):
            TrainingOptions(**fields)
