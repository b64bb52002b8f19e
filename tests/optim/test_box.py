"""The box [0, 1] and what descent may do at its bounds."""

from __future__ import annotations

import pytest
import torch

from elpips.optim import blocked, optimality_error, project


def test_projection_goes_to_the_nearest_point() -> None:
    x = torch.tensor([-2.0, 0.0, 0.3, 1.0, 1.5])
    assert project(x).tolist() == pytest.approx([0, 0, 0.3, 1, 1])


def test_descent_is_blocked_where_it_would_leave_the_box() -> None:
    x = torch.tensor([0.0, 0.0, 1.0, 1.0, 0.5, 0.5, 0.0])
    gradient = torch.tensor([1.0, -1.0, 1.0, -1.0, 2.0, -2.0, 0.0])
    assert blocked(x, gradient).tolist() == [True, False, False, True, False, False, False]


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
