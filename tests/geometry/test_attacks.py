"""Attacks where the answer is known (L2), and on a small ensemble, where bounds hold."""

from __future__ import annotations

import pytest
import torch

from elpips.geometry import AttackProblem, attack
from elpips.geometry.attack_problem import noisy, rms
from elpips.metrics import Ensemble, InputError
from tiny_metric import tiny

RNG = torch.Generator().manual_seed(0)
SOURCE = torch.rand(3, 24, 28, generator=RNG) * 0.4 + 0.3
TARGET = torch.rand(3, 24, 28, generator=RNG) * 0.4 + 0.3
ENSEMBLE = Ensemble(scale_levels=1, dropout_keep=0.99)


def test_l2_lets_a1_go_no_farther_than_the_anchor() -> None:
    found = attack("a1", SOURCE, TARGET, metric="l2", steps=200)
    radius = rms(found.anchor - SOURCE)
    way = TARGET - SOURCE
    expected = SOURCE + radius * way / way.square().mean().sqrt()
    torch.testing.assert_close(found.image, expected, rtol=0, atol=0.01)
    each = found.evaluation
    assert each.relative_l2 == pytest.approx(1, abs=0.01)
    assert each.relative_distance <= 1 + 1e-6
    assert each.target_l2 == pytest.approx(1 - radius / rms(way), abs=0.01)


def test_l2_lets_a2_go_no_farther_than_the_anchor() -> None:
    each = attack("a2", SOURCE, metric="l2", steps=30).evaluation
    assert each.relative_distance == pytest.approx(1, rel=1e-4)
    assert each.relative_l2 <= 1 + 1e-5 and each.target_l2 is None


def test_untargeted_a1_leaves_the_source() -> None:
    each = attack("a1", SOURCE, metric="l2", steps=100).evaluation
    assert each.relative_l2 == pytest.approx(1, abs=0.01)
    assert each.target_l2 is None


@pytest.mark.parametrize("ensemble", [None, ENSEMBLE], ids=["still", "ensemble"])
def test_a1_deceives_a_network_within_its_constraint(ensemble: Ensemble | None) -> None:
    found = attack("a1", SOURCE, TARGET, metric=tiny(ensemble), steps=400, evaluation_draws=200)
    each = found.evaluation
    assert each.relative_l2 > 1.02
    problem = AttackProblem.of("a1", SOURCE, TARGET, metric=tiny(ensemble))
    straight = problem.tighten(torch.lerp(SOURCE, TARGET, 0.01)[None])
    assert rms(found.image - TARGET) < rms(straight - TARGET)
    assert each.relative_distance <= 1 + 4 * each.relative_distance_error + 1e-6
    assert each.relative_distance > 0.9
    assert found.image.min() >= 0 and found.image.max() <= 1


@pytest.mark.parametrize("ensemble", [None, ENSEMBLE], ids=["still", "ensemble"])
def test_a2_raises_the_distance_within_the_ball(ensemble: Ensemble | None) -> None:
    each = attack("a2", SOURCE, metric=tiny(ensemble), steps=60).evaluation
    assert each.relative_distance > 1.2
    assert each.relative_l2 <= 1 + 1e-5


def test_the_constraint_is_tightened_from_both_sides() -> None:
    problem = AttackProblem.of("a1", SOURCE, TARGET, metric="l2")
    for share in (0.02, 0.9):
        x = problem.tighten(torch.lerp(SOURCE, TARGET, share)[None])
        assert rms(x - SOURCE) == pytest.approx(problem.radius, rel=5e-3)
        assert rms(x - SOURCE) <= problem.radius * (1 + 1e-6)


def test_same_seed_same_numbers_and_another_seed_others() -> None:
    first, again, other = (
        attack("a1", SOURCE, TARGET, metric=tiny(ENSEMBLE), steps=5, seed=seed)
        for seed in (0, 0, 1)
    )
    assert torch.equal(first.image, again.image) and first.evaluation == again.evaluation
    assert not torch.equal(first.image, other.image)


def test_the_anchor_has_the_noise_asked_for() -> None:
    grey = torch.full((1, 3, 64, 64), 0.5)
    assert rms(noisy(grey, 0.05, 0) - grey) == pytest.approx(0.05, rel=0.03)
    assert noisy(grey, 5.0, 0).max() <= 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("a3", SOURCE), "expected a1 or a2"),
        (("a2", SOURCE, TARGET), "takes no target"),
        (("a1", SOURCE, TARGET[:, 1:]), "differ in shape"),
        (("a1", SOURCE, SOURCE), "same image"),
        (("a1", SOURCE * 3), "expected \\[0, 1\\]"),
        (("a1", SOURCE, TARGET * float("nan")), "target: found values"),
    ],
)
def test_bad_input_is_said(arguments, message: str) -> None:
    with pytest.raises(InputError, match=message):
        attack(*arguments, metric="l2")


@pytest.mark.parametrize(
    "options", [{"sigma": 0.0}, {"steps": -1}, {"evaluation_draws": 0}, {"precision": "half"}]
)
def test_bad_options_are_said(options) -> None:
    with pytest.raises(InputError, match=f"{next(iter(options)).replace('_', '.')}"):
        attack("a1", SOURCE, metric=tiny(), **options)
