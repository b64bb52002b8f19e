"""The box [0, 1] and what descent may do at its bounds."""

from __future__ import annotations

import pytest
import torch

from elpips.optim import optimality_error, project, stays_inside


def test_projection_goes_to_the_nearest_point() -> None:
    x = torch.tensor([-2.0, 0.0, 0.3, 1.0, 1.5])
    assert project(x).tolist() == pytest.approx([0, 0, 0.3, 1, 1])


def test_descent_is_stopped_where_it_would_leave_the_box() -> None:
    x = torch.tensor([0.0, 0.0, 1.0, 1.0, 0.5, 0.5, 0.0])
    gradient = torch.tensor([1.0, -1.0, 1.0, -1.0, 2.0, -2.0, 0.0])
    found = stays_inside(x, gradient)(torch.full((7,), 3.0))
    assert found.tolist() == [0, 3, 3, 0, 3, 3, 3]


def test_optimality_error_ignores_what_the_box_blocks() -> None:
    x = torch.tensor([0.0, 0.0, 1.0, 1.0, 0.5])
    gradient = torch.tensor([1.0, -1.0, 1.0, -1.0, 2.0])
    assert optimality_error(x, gradient) == pytest.approx((1 + 1 + 4) ** 0.5)
    assert optimality_error(torch.zeros(3), torch.ones(3)) == 0


def test_of_pictures_with_alpha_the_nearest_has_no_colour_above_it() -> None:
    x = torch.rand(3, 4, 5, 6, generator=torch.Generator().manual_seed(2)) * 2 - 0.5
    found = project(x)
    assert (found[:, :3] <= found[:, 3:]).all() and 0 <= found.min() <= found.max() <= 1
    assert torch.equal(project(found), found)
    # The nearest point of a convex set: the way there makes no acute angle with any way on.
    for seed in range(20):
        other = project(torch.rand(x.shape, generator=torch.Generator().manual_seed(seed)))
        assert (((x - found) * (other - found)).sum(1) <= 1e-5).all()


def test_of_pictures_with_alpha_the_error_is_that_of_small_projected_steps() -> None:
    rng = torch.Generator().manual_seed(3)
    # Few levels, so that many colours touch alpha, and much touches the bounds.
    x = project(torch.randint(-1, 5, (40, 4, 3, 3), generator=rng).double() / 3)
    # What is equal is so to the last bit.
    x = (x * 72).round() / 72
    gradient = torch.randint(-2, 3, x.shape, generator=rng).double()
    step = 1e-3
    moved = (x - project(x - step * gradient)) / step
    torch.testing.assert_close(stays_inside(x, gradient)(gradient), moved, rtol=0, atol=1e-9)
    assert optimality_error(x, gradient) == pytest.approx(float(moved.norm()))
    # Where alpha falls as fast as a colour that touches it would rise, nothing moves.
    point = torch.tensor([0.5, 0.0, 0.0, 0.5]).view(1, 4, 1, 1)
    assert optimality_error(point, torch.tensor([-1.0, 0.0, 0.0, 1.0]).view(1, 4, 1, 1)) == 0


def test_it_is_a_linear_projection() -> None:
    rng = torch.Generator().manual_seed(4)
    x = project(torch.randint(-1, 4, (9, 4, 2, 2), generator=rng) / 2.0)
    onto = stays_inside(x, torch.randn(x.shape, generator=rng))
    one, two = torch.randn(2, *x.shape, generator=rng)
    torch.testing.assert_close(onto(onto(one)), onto(one))
    torch.testing.assert_close((onto(one) * two).sum(), (one * onto(two)).sum())
