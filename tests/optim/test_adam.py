"""Adam as released and scaled to the images, on problems whose solution is known."""

from __future__ import annotations

import pytest
import torch

from elpips.optim import (
    GradientSample,
    PaperAdam,
    PreconditionedAdam,
    Scaling,
    Solver,
    StopReason,
    optimality_error,
)
from toy_problems import DESCENTS, MIDDLE, SHAPE, Quadratic, quadratic, solve

SPREAD = PreconditionedAdam(Scaling(0.3))


@pytest.mark.parametrize("solver", DESCENTS)
def test_reaches_the_projection_of_the_target(solver: Solver) -> None:
    problem = quadratic()
    solution = solve(problem, solver, 1500)
    expected = problem.target.clamp(0, 1)
    assert solution.result is StopReason.STEP_LIMIT
    torch.testing.assert_close(solution.value, expected, rtol=0, atol=2e-3)
    # What is as near to a bound as the tolerance is at the bound, where the box blocks.
    value = solution.value
    snapped = value.where(value > 2e-3, 0.0).where(value < 1 - 2e-3, 1.0)
    gradient = 2 * (snapped - problem.target) / expected.numel()
    first = solution.history[0].optimality_error
    assert optimality_error(snapped, gradient) < 0.01 * first


def test_the_optimality_error_falls() -> None:
    solution = solve(quadratic(), SPREAD, 1500)
    assert solution.history[-1].optimality_error < 0.1 * solution.history[0].optimality_error
    # By the averages, of a problem whose solution is inside the box.
    inside = solve(Quadratic(torch.full(SHAPE, 0.7), noise=0.1), SPREAD, 300)
    left = SPREAD.optimality(inside.state.x, inside.state.solver)
    assert 0 < left < 0.05 * inside.history[0].optimality_error


@pytest.mark.parametrize("solver", DESCENTS)
def test_noise_is_averaged_down(solver: Solver) -> None:
    problem = quadratic(noise=3.0)
    solution = solve(problem, solver, 1500)
    optimum = problem.held_out(problem.target.clamp(0, 1))
    start_value = problem.held_out(MIDDLE)
    assert solution.objective - optimum < 0.03 * (start_value - optimum)


def test_released_schedule_has_the_published_values() -> None:
    solver = PaperAdam()
    published = {
        0: 0.03,
        100: 0.0226,
        300: 0.0141,
        1000: 0.00698,
        10_000: 0.00144,
        100_000: 2.65e-4,
    }
    for step, size in published.items():
        assert solver.size(step) == pytest.approx(size, rel=5e-3)


def test_the_released_solver_stays_a_little_inside_the_box() -> None:
    outside = Quadratic(torch.where(torch.arange(90).view(SHAPE) % 2 == 0, -1.0, 2.0))
    x = solve(outside, PaperAdam(), 100).state.x
    assert float(x.min()) == pytest.approx(1e-5) and float(1 - x.max()) == pytest.approx(
        1e-5, rel=1e-2
    )


def test_steps_are_the_textbooks() -> None:
    solver = PreconditionedAdam(fraction=0.05, decay=20.0)
    rng = torch.Generator().manual_seed(2)
    x, state = MIDDLE, solver.init(MIDDLE)
    expected, mean, square = MIDDLE.double(), torch.zeros(SHAPE), torch.zeros(SHAPE)
    mean, square = mean.double(), square.double()
    for step in range(1, 6):
        gradient = torch.randn(SHAPE, generator=rng)
        x, state = solver.step(x, GradientSample(0.0, gradient), state)
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.999 * square + 0.001 * gradient.double() ** 2
        size = 0.05 / (1 + (step - 1) / 20)
        ratio = mean / (1 - 0.9**step) / (square / (1 - 0.999**step)).sqrt()
        expected = (expected - size * ratio).clamp(0, 1)
    assert state.step == 5
    torch.testing.assert_close(x.double(), expected, rtol=0, atol=1e-5)


def test_the_first_step_is_a_fraction_of_the_preconditioners_unit() -> None:
    scale = torch.linspace(0.01, 0.5, 90).view(SHAPE)
    solver = PreconditionedAdam(Scaling(scale), fraction=0.25)
    gradient = torch.randn(SHAPE, generator=torch.Generator().manual_seed(5))
    x, _ = solver.step(MIDDLE, GradientSample(0.0, gradient), solver.init(MIDDLE))
    torch.testing.assert_close(x, MIDDLE - 0.25 * scale * gradient.sign(), rtol=0, atol=1e-5)


def test_the_candidate_is_the_weighted_average_of_the_iterates() -> None:
    seen = []
    solution = solve(quadratic(noise=1.0), SPREAD, 12, callbacks=[lambda run: seen.append(run.x)])
    weights = torch.arange(1, 13, dtype=torch.float64) ** 8
    mean = torch.tensordot(weights / weights.sum(), torch.stack(seen).double(), dims=1)
    torch.testing.assert_close(solution.state.candidate.double(), mean, rtol=0, atol=1e-5)
    assert not torch.equal(solution.state.candidate, solution.state.x)


def test_steps_change_no_argument() -> None:
    for solver in (PaperAdam(), SPREAD):
        x, state = MIDDLE.clone(), solver.init(MIDDLE)
        mean = state.mean.clone()
        gradient = torch.ones(SHAPE)
        solver.step(x, GradientSample(0.0, gradient), state)
        assert torch.equal(x, MIDDLE) and torch.equal(state.mean, mean) and state.step == 0
        assert torch.equal(gradient, torch.ones(SHAPE))


def test_carrying_keeps_steps_and_moments_and_begins_averages_anew() -> None:
    state = solve(quadratic(noise=1.0), SPREAD, 7).state.solver
    finer = torch.full((1, 3, 12, 10), 0.25)

    def transfer(moments: torch.Tensor, order: int) -> torch.Tensor:
        return order * moments.repeat_interleave(2, 2).repeat_interleave(2, 3)

    carried = SPREAD.carry(state, finer, transfer)
    assert carried.step == 7
    assert torch.equal(carried.mean, transfer(state.mean, 1))
    assert torch.equal(carried.square, transfer(state.square, 2))
    assert torch.equal(carried.iterates.value, finer) and carried.iterates.mass == 0
    assert carried.gradients.mass == 0 and not carried.gradients.value.any()
