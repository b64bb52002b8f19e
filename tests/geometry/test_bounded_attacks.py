"""PGD and APGD on functions whose maxima are known."""

from __future__ import annotations

import pytest
import torch

from elpips.geometry.ball import Ball
from elpips.geometry.bounded_attacks import ATTACKERS, _checkpoints, apgd, pgd

SHAPE = (4, 3, 5, 5)


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("attack", ATTACKERS.values(), ids=ATTACKERS)
@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_a_linear_function_is_raised_to_its_maximum(attack, norm) -> None:
    center = torch.full(SHAPE, 0.5)
    slope = torch.randn(SHAPE, generator=rng())
    ball = Ball(norm, 0.1)
    found = attack(lambda x: (x * slope).sum((1, 2, 3)), center, ball, 40, rng(1), "best")
    most = ((center + 0.1 * ball.steepest(slope)) * slope).sum((1, 2, 3))
    # Steps of fixed length inside a sphere turn towards the slope, but not to the end.
    tolerance = 0.05 if (attack, norm) == (pgd, "l2") else 1e-3
    torch.testing.assert_close(found.values, most, rtol=tolerance, atol=1e-3)
    assert (found.values <= most + 1e-4).all()
    torch.testing.assert_close(found.values, (found.images * slope).sum((1, 2, 3)))


@pytest.mark.parametrize("attack", ATTACKERS.values(), ids=ATTACKERS)
@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_results_are_in_ball_and_box_and_above_the_start(attack, norm) -> None:
    center = torch.rand(SHAPE, generator=rng())
    target = torch.rand(SHAPE, generator=rng(1))

    def wavy(x: torch.Tensor) -> torch.Tensor:
        return (torch.sin(40 * (x - target)) - (x - target).square()).sum((1, 2, 3))

    ball = Ball(norm, 0.2)
    best = attack(wavy, center, ball, 12, rng(2), "best")
    last = attack(wavy, center, ball, 12, rng(2), "last")
    for x in (best.images, last.images):
        difference = (x - center).flatten(1)
        reach = difference.abs().amax(1) if norm == "linf" else difference.norm(dim=1)
        assert (reach <= 0.2 + 1e-6).all() and x.min() >= 0 and x.max() <= 1
    assert (best.values > wavy(ball.random(center, rng(2)))).all()
    assert (best.values >= last.values).all()
    torch.testing.assert_close(last.values, wavy(last.images))


def test_items_do_not_see_each_other() -> None:
    center = torch.rand(SHAPE, generator=rng())

    def values(x: torch.Tensor) -> torch.Tensor:
        return -(x - 0.4).square().sum((1, 2, 3)) + torch.sin(30 * x).sum((1, 2, 3))

    whole = apgd(values, center, Ball("linf", 0.1), 20, rng(), "best")
    # The random start of the first items is the same: numbers are drawn in order.
    part = apgd(values, center[:1], Ball("linf", 0.1), 20, rng(), "best")
    torch.testing.assert_close(whole.values[:1], part.values)


def test_apgd_is_no_weaker_where_steps_must_shrink() -> None:
    center = torch.full(SHAPE, 0.5)
    peak = center + 0.05 * torch.randn(SHAPE, generator=rng()).clamp(-1, 1)

    def values(x: torch.Tensor) -> torch.Tensor:
        return -(x - peak).abs().sum((1, 2, 3))

    ball = Ball("linf", 0.1)
    fixed = pgd(values, center, ball, 30, rng(1)).values
    assert (apgd(values, center, ball, 30, rng(1)).values > fixed).all()


def test_checkpoints_come_ever_closer() -> None:
    assert sorted(_checkpoints(100)) == [22, 41, 57, 70, 80, 87, 93, 99]
    assert all(1 <= step <= 5 for step in _checkpoints(5))
