"""Problems for solvers whose solutions are known, and every solver on one of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor

from elpips.optim import (
    Callback,
    Constraint,
    GradientSample,
    PaperAdam,
    PreconditionedAdam,
    PrimalDualAdam,
    Problem,
    ProjectedMomentum,
    RunState,
    Scaling,
    Solution,
    Solver,
    StoppingCriteria,
    minimise,
    start,
)

SHAPE = (1, 3, 6, 5)
MIDDLE = torch.full(SHAPE, 0.5)
CENTER = torch.rand(SHAPE, generator=torch.Generator().manual_seed(1)) * 0.4 + 0.3
RADIUS = 0.1


@dataclass
class Quadratic:
    """mean (x - target)^2 with noisy gradients; ``target`` may lie outside the box."""

    target: Tensor
    noise: float = 0.0
    fails_at: int | None = None
    interrupted_at: int | None = None
    calls: int = 0

    def sample(self, x: Tensor, generator: torch.Generator) -> GradientSample:
        self.calls += 1
        if self.calls == self.interrupted_at:
            raise KeyboardInterrupt
        gradient = 2 * (x - self.target) / x.numel()
        gradient = gradient + self.noise * torch.randn(x.shape, generator=generator) / x.numel()
        value = float((x - self.target).square().mean())
        return GradientSample(
            float("nan") if self.calls == self.fails_at else value, gradient, draws=2
        )

    def held_out(self, x: Tensor) -> float:
        return float((x - self.target).square().mean())


def quadratic(noise: float = 0.0, **kwargs: Any) -> Quadratic:
    rng = torch.Generator().manual_seed(0)
    return Quadratic(torch.rand(SHAPE, generator=rng) * 1.6 - 0.3, noise, **kwargs)


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


def in_a_ball(noise: float) -> InABall:
    target = CENTER + torch.randn(SHAPE, generator=torch.Generator().manual_seed(2)) * 0.2
    return InABall(target.clamp(0.05, 0.95), noise)


@dataclass
class Linear:
    """Least slope . x."""

    slope: Tensor

    def sample(self, x: Tensor, generator: torch.Generator) -> GradientSample:
        noise = torch.randn(x.shape, generator=generator)
        return GradientSample(float((self.slope * x).sum()), self.slope + 0.3 * noise)

    def held_out(self, x: Tensor) -> float:
        return float((self.slope * x).sum())


def linear() -> Linear:
    return Linear(torch.randn(SHAPE, generator=torch.Generator().manual_seed(4)))


DESCENTS = [
    pytest.param(PaperAdam(), id="released"),
    pytest.param(PreconditionedAdam(Scaling(0.3)), id="spread"),
]
"""Solvers of problems without a constraint."""

SOLVERS = [
    pytest.param(lambda: quadratic(noise=1.0), PaperAdam(), id="PaperAdam"),
    pytest.param(
        lambda: quadratic(noise=1.0), PreconditionedAdam(Scaling(0.3)), id="PreconditionedAdam"
    ),
    pytest.param(lambda: in_a_ball(0.3), PrimalDualAdam(fraction=0.02), id="PrimalDualAdam"),
    pytest.param(linear, ProjectedMomentum(CENTER, RADIUS), id="ProjectedMomentum"),
]
"""Every solver with a function that makes a noisy problem for it."""


def solve(
    problem: Problem,
    solver: Solver[Any],
    steps: int,
    run: RunState | None = None,
    callbacks: Any = (),
    **limits: Any,
) -> Solution:
    """Minimise from the middle of the box, judging every 10 steps."""
    run = run or start(problem, solver, MIDDLE, seed=3)
    criteria = StoppingCriteria(steps, evaluate_every=10, **limits)
    return minimise(problem, solver, run, criteria, callbacks)


def same(one: Any, other: Any) -> bool:
    """Whether two states are the same, tensors bit by bit."""
    if isinstance(one, Tensor):
        return isinstance(other, Tensor) and torch.equal(one, other)
    if hasattr(one, "__dataclass_fields__"):
        return type(one) is type(other) and all(
            same(getattr(one, name), getattr(other, name)) for name in one.__dataclass_fields__
        )
    return bool(one == other)


def stop_at(step: int) -> Callback:
    """Return a callback that meets Ctrl-C after a step."""

    def callback(run: RunState) -> None:
        if run.step == step:
            raise KeyboardInterrupt

    return callback
