"""Steps in box and ball, on a problem whose solution is known."""

from __future__ import annotations

import pytest
import torch

from elpips.optim import GradientSample, ProjectedMomentum, StoppingCriteria, minimise, start
from toy_problems import CENTER, RADIUS, SHAPE, Linear, linear


def test_descent_ends_at_the_far_edge_of_the_ball() -> None:
    problem = linear()
    slope = problem.slope
    solver = ProjectedMomentum(CENTER, RADIUS)
    solution = minimise(problem, solver, start(problem, solver, CENTER, 5), StoppingCriteria(200))
    expected = CENTER - RADIUS * slope / slope.square().mean().sqrt()
    torch.testing.assert_close(solution.value, expected, rtol=0, atol=0.05)
    assert float((solution.value - CENTER).square().mean().sqrt()) == pytest.approx(RADIUS)


def test_iterates_keep_box_and_ball() -> None:
    # Near the corner of the box, where the ball reaches out of it.
    center = CENTER * 0.1
    solver, problem = ProjectedMomentum(center, RADIUS), Linear(torch.ones(SHAPE))
    run, seen = start(problem, solver, center, 6), []

    def check(run) -> None:
        seen.append(run.step)
        for image in (run.x, solver.postprocess(run.x, run.solver)):
            assert image.min() >= 0 and image.max() <= 1
            assert (image - center).square().mean().sqrt() <= RADIUS * (1 + 1e-5)

    minimise(problem, solver, run, StoppingCriteria(30), [check])
    assert len(seen) == 30


def test_a_step_is_a_share_of_the_radius_whatever_the_gradient() -> None:
    solver = ProjectedMomentum(CENTER, RADIUS, fraction=0.5, decay=20.0)
    for norm in (1e-6, 1.0, 1e6):
        sample = GradientSample(0.0, norm * linear().slope)
        x, state = solver.step(CENTER, sample, solver.init(CENTER))
        assert float((x - CENTER).square().mean().sqrt()) == pytest.approx(0.5 * RADIUS, rel=1e-4)
        y, _ = solver.step(x, sample, state)
        assert float((y - x).square().mean().sqrt()) == pytest.approx(
            0.5 * RADIUS / (1 + 1 / 20), rel=1e-4
        )


def test_no_gradient_moves_nothing() -> None:
    solver = ProjectedMomentum(CENTER, RADIUS)
    state = solver.init(CENTER)
    x, state = solver.step(CENTER, GradientSample(0.0, torch.zeros(SHAPE)), state)
    assert torch.equal(x, CENTER) and state.step == 1
    assert torch.equal(solver.postprocess(x, state), CENTER)
