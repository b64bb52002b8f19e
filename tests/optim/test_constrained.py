"""Solvers with a constraint, on problems whose solution is known."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
import torch
from torch import Tensor

from elpips.optim import (
    Constraint,
    GradientSample,
    PrimalDualAdam,
    ProjectedMomentum,
    StoppingCriteria,
    minimise,
    start,
)

SHAPE = (1, 3, 6, 5)
CENTER = torch.rand(SHAPE, generator=torch.Generator().manual_seed(1)) * 0.4 + 0.3
RADIUS = 0.1


@dataclass
class InABall:
    """Least |x - target| with mean (x - center)^2 <= radius^2, seen through noise."""

    target: Tensor
    noise: float = 0.0

    def sample(self, x: Tensor, generator: torch.Generator) -> GradientSample:
        away, distance = x - self.target, x - CENTER
        length = away.square().mean().sqrt()
        scale = 1 + self.noise * torch.randn((), generator=generator)
        constraint = Constraint(
            float(scale * distance.square().mean() / RADIUS**2 - 1),
            scale * 2 * distance / x.numel() / RADIUS**2,
        )
        gradient = away / (length * x.numel()) / RADIUS
        return GradientSample(float(length), gradient, constraint=constraint)

    def held_out(self, x: Tensor) -> float:
        excess = float((x - CENTER).square().mean()) / RADIUS**2 - 1
        return float((x - self.target).square().mean().sqrt()) / RADIUS + 10 * max(0.0, excess)


@pytest.mark.parametrize("noise", [0.0, 0.3])
@pytest.mark.parametrize("multiplier", [0.1, 1.0, 10.0])
def test_the_multiplier_is_found(noise: float, multiplier: float) -> None:
    target = CENTER + torch.randn(SHAPE, generator=torch.Generator().manual_seed(2)) * 0.2
    problem = InABall(target.clamp(0.05, 0.95), noise)
    solver = PrimalDualAdam(fraction=0.02, multiplier=multiplier, decay=100)
    solution = minimise(problem, solver, start(problem, solver, CENTER, 3), StoppingCriteria(800))
    direction = problem.target - CENTER
    expected = CENTER + RADIUS * direction / direction.square().mean().sqrt()
    reached = minimise(problem, solver, solution.state, StoppingCriteria(801)).value
    assert float((reached - CENTER).square().mean().sqrt()) == pytest.approx(RADIUS, rel=0.05)
    torch.testing.assert_close(reached, expected, rtol=0, atol=0.03)


@dataclass
class Linear:
    """Least slope . x."""

    slope: Tensor

    def sample(self, x: Tensor, generator: torch.Generator) -> GradientSample:
        noise = torch.randn(x.shape, generator=generator)
        return GradientSample(float((self.slope * x).sum()), self.slope + 0.3 * noise)

    def held_out(self, x: Tensor) -> float:
        return float((self.slope * x).sum())


def test_descent_ends_at_the_far_edge_of_the_ball() -> None:
    slope = torch.randn(SHAPE, generator=torch.Generator().manual_seed(4))
    solver, problem = ProjectedMomentum(CENTER, RADIUS), Linear(slope)
    solution = minimise(problem, solver, start(problem, solver, CENTER, 5), StoppingCriteria(200))
    expected = CENTER - RADIUS * slope / slope.square().mean().sqrt()
    torch.testing.assert_close(solution.value, expected, rtol=0, atol=0.05)
    assert float((solution.value - CENTER).square().mean().sqrt()) == pytest.approx(RADIUS)


def test_iterates_keep_box_and_ball() -> None:
    # Near the corner of the box, where the ball reaches out of it.
    center = CENTER * 0.1
    solver, problem = ProjectedMomentum(center, RADIUS), Linear(torch.ones(SHAPE))
    run = start(problem, solver, center, 6)

    def check(run) -> None:
        for image in (run.x, solver.postprocess(run.x, run.solver)):
            assert image.min() >= 0 and image.max() <= 1
            assert (image - center).square().mean().sqrt() <= RADIUS * (1 + 1e-5)

    minimise(problem, solver, run, StoppingCriteria(30), [check])


def test_no_gradient_moves_nothing() -> None:
    problem = Linear(torch.zeros(SHAPE))
    solver = ProjectedMomentum(CENTER, RADIUS)
    state = solver.init(CENTER)
    x, state = solver.step(CENTER, GradientSample(0.0, torch.zeros(SHAPE)), state)
    assert torch.equal(x, CENTER)
    assert torch.equal(solver.postprocess(x, state), CENTER)
    assert replace(solver, radius=0.2).radius == 0.2 and problem.held_out(x) == 0
