"""The solver with a constraint, on a problem whose solution is known."""

from __future__ import annotations

import math

import pytest
import torch

from elpips.optim import (
    Constraint,
    GradientSample,
    PrimalDualAdam,
    StoppingCriteria,
    minimise,
    start,
)
from toy_problems import CENTER, MIDDLE, RADIUS, SHAPE, in_a_ball


@pytest.mark.parametrize("noise", [0.0, 0.3])
@pytest.mark.parametrize("multiplier", [0.1, 1.0, 10.0])
def test_the_multiplier_is_found(noise: float, multiplier: float) -> None:
    problem = in_a_ball(noise)
    solver = PrimalDualAdam(fraction=0.02, multiplier=multiplier, decay=100)
    solution = minimise(problem, solver, start(problem, solver, CENTER, 3), StoppingCriteria(800))
    direction = problem.target - CENTER
    expected = CENTER + RADIUS * direction / direction.square().mean().sqrt()
    reached = minimise(problem, solver, solution.state, StoppingCriteria(801)).value
    assert float((reached - CENTER).square().mean().sqrt()) == pytest.approx(RADIUS, rel=0.05)
    torch.testing.assert_close(reached, expected, rtol=0, atol=0.03)


@pytest.mark.parametrize("value", [0.5, -0.5, 40.0])
def test_the_multiplier_rises_where_the_constraint_is_broken(value: float) -> None:
    solver = PrimalDualAdam(multiplier=2.0, ascent=0.2, memory=0.0)
    state = solver.init(MIDDLE)
    assert state.log_multiplier == pytest.approx(math.log(2)) and state.excess == 0
    nothing = torch.zeros(SHAPE)
    sample = GradientSample(0.0, nothing, constraint=Constraint(value, nothing))
    _, after = solver.step(MIDDLE, sample, state)
    assert after.excess == value and after.step == 1
    rise = after.log_multiplier - state.log_multiplier
    assert rise == pytest.approx(0.2 * max(-1, min(value, 1)))
    _, later = solver.step(MIDDLE, sample, after)
    assert 0 < (later.log_multiplier - after.log_multiplier) / rise < 1


def test_the_direction_is_that_of_the_lagrangian() -> None:
    rng = torch.Generator().manual_seed(3)
    goal, slope = torch.randn(2, *SHAPE, generator=rng)
    solver = PrimalDualAdam(multiplier=3.0, damping=2.0, memory=0.5)
    sample = GradientSample(0.0, goal, constraint=Constraint(0.4, slope))
    _, state = solver.step(MIDDLE, sample, solver.init(MIDDLE))
    expected = goal + 3.0 * math.exp(2.0 * 0.2) * slope
    torch.testing.assert_close(state.gradients.value, expected)
    torch.testing.assert_close(state.mean, 0.1 * expected)
