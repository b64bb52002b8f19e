"""Balls of pixel differences."""

from __future__ import annotations

import pytest
import torch

from elpips.geometry.ball import Ball
from elpips.metrics import InputError

EPSILON = 0.3


def lengths(x: torch.Tensor, norm: str) -> torch.Tensor:
    flat = x.flatten(-3)
    return flat.abs().amax(-1) if norm == "linf" else flat.norm(dim=-1)


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_points_are_in_ball_and_box(norm) -> None:
    ball, rng = Ball(norm, EPSILON), torch.Generator().manual_seed(0)
    center = torch.rand(5, 2, 3, 4, 6, generator=rng)
    far = center + torch.randn(center.shape, generator=rng)
    for x in (ball.random(center, rng), ball.bound(far, center)):
        assert x.min() >= 0 and x.max() <= 1
        assert (lengths(x - center, norm) <= EPSILON + 1e-6).all()
    # What is inside stays where it is.
    near = (center + 1e-3 * torch.randn(center.shape, generator=rng)).clamp(0, 1)
    torch.testing.assert_close(ball.bound(near, center), near)
    steepest = ball.steepest(torch.randn(center.shape, generator=rng))
    torch.testing.assert_close(lengths(steepest, norm), torch.ones(5, 2))
    assert not ball.steepest(torch.zeros(1, 3, 2, 2)).any()


def test_random_points_fill_the_ball_and_repeat() -> None:
    center = torch.full((64, 3, 4, 4), 0.5)
    ball = Ball("l2", 0.4)
    points = [ball.random(center, torch.Generator().manual_seed(7)) for _ in range(2)]
    assert torch.equal(*points)
    found = lengths(points[0] - center, "l2")
    # In 48 dimensions nearly all of the volume is near the surface.
    assert found.max() <= 0.4 + 1e-6 and found.mean() > 0.38


def test_names_and_what_is_no_ball() -> None:
    assert Ball("linf", 4 / 255).name == "linf 4/255" and Ball("l2", 1.0).name == "l2 1"
    with pytest.raises(InputError, match="norm: found 'l1'"):
        Ball("l1", 1.0)
    for epsilon in (0.0, float("nan"), float("inf")):
        with pytest.raises(InputError, match="epsilon: found"):
            Ball("l2", epsilon)
