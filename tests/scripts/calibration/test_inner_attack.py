"""The inner maximisation: stays where it may, and raises what is trained."""

from __future__ import annotations

import pytest
import torch

from elpips.scripts.calibration.adversarial_options import AdversarialOptions
from elpips.scripts.calibration.attacked import ATTACKED, attacked_images
from elpips.scripts.calibration.dataset import Triplets
from elpips.scripts.calibration.inner_attack import (
    attack_batch,
    contrastive_losses,
)
from elpips.scripts.calibration.ranking_network import RankingNetwork, ranking_losses
from elpips.scripts.calibration.trainable import Trainable
from tiny_metric import tiny


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def setting() -> tuple[Trainable, RankingNetwork, Triplets]:
    ref = torch.rand(6, 3, 8, 8, generator=rng())
    noise = torch.randn(2, 6, 3, 8, 8, generator=rng(1))
    p0, p1 = (ref + 0.1 * noise).clamp(0, 1)
    return Trainable.of(tiny()), RankingNetwork(8, rng(2)), Triplets(ref, p0, p1, torch.rand(6))


def losses(model, ranking, triplets) -> torch.Tensor:
    ref, p0, p1 = (model.features(each) for each in (triplets.ref, triplets.p0, triplets.p1))
    distances = model.distance(ref, p0), model.distance(ref, p1)
    return ranking_losses(ranking, *distances, triplets.judge).detach()


@pytest.mark.parametrize("attacked", ATTACKED)
@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_attacks_raise_the_loss_inside_ball_and_box(setting, attacked, norm) -> None:
    model, ranking, triplets = setting
    radii = {"linf": 0.05, "l2": None} if norm == "linf" else {"linf": None, "l2": 0.5}
    options = AdversarialOptions(attack_steps=8, **radii)
    (ball,) = options.balls
    found = attack_batch(model, ranking, triplets, attacked, ball, options, rng())
    difference = (attacked_images(found, attacked) - attacked_images(triplets, attacked)).flatten(2)
    reach = difference.abs().amax(-1) if norm == "linf" else difference.norm(dim=-1)
    assert (reach <= ball.epsilon + 1e-6).all()
    images = attacked_images(found, attacked)
    assert images.min() >= 0 and images.max() <= 1 and not images.requires_grad
    assert (losses(model, ranking, found) > losses(model, ranking, triplets)).all()
    assert model.linear.grad is None


def test_contrastive_attacks_hide_a_patch_among_others(setting) -> None:
    model, ranking, triplets = setting
    options = AdversarialOptions(mode="contrastive", linf=0.05, l2=None, temperature=0.05)
    found = attack_batch(model, ranking, triplets, "reference", options.balls[0], options, rng())
    references = model.features(triplets.ref)
    clean, attacked = (
        contrastive_losses(model, model.features(each.ref), references, 0.05).detach()
        for each in (triplets, found)
    )
    assert (attacked > clean).all()
    assert torch.equal(found.p0, triplets.p0)


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_as_released_is_memoryless_and_leaves_the_box(setting, norm) -> None:
    model, ranking, triplets = setting
    radii = {"linf": 0.05, "l2": None} if norm == "linf" else {"linf": None, "l2": 0.5}
    options = AdversarialOptions(as_released=True, attack_steps=3, **radii)
    (ball,) = options.balls
    found = attack_batch(model, ranking, triplets, "first", ball, options, rng())
    difference = found.p0 - triplets.p0
    if norm == "linf":
        # A corner of the cube wherever there is a gradient.
        assert ((difference.abs() - ball.epsilon).abs() < 1e-6).float().mean() > 0.95
    else:
        torch.testing.assert_close(difference.flatten(1).norm(dim=1), torch.full((6,), 0.5))
    assert found.p0.min() < 0 or found.p0.max() > 1
    again = attack_batch(model, ranking, triplets, "first", ball, options, rng())
    assert torch.equal(again.p0, found.p0)
    # Untrained networks decide on the direction: others than these may go the other way.
    moves = [
        losses(
            model, ranking, attack_batch(model, ranking, triplets, "first", ball, options, rng(s))
        )
        - losses(model, ranking, triplets)
        for s in range(8)
    ]
    assert torch.stack(moves).min() < 0 < torch.stack(moves).max()
