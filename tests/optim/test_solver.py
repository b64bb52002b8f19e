"""A solver is two methods; the driver does the rest."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from elpips.optim import GradientSample, Solver, SolverState, StopReason, project
from toy_problems import quadratic, solve


@dataclass(frozen=True)
class Descent(Solver[SolverState]):
    """Plain gradient descent."""

    rate: float

    def init(self, x: Tensor) -> SolverState:
        return SolverState(0)

    def step(
        self, x: Tensor, sample: GradientSample, state: SolverState
    ) -> tuple[Tensor, SolverState]:
        return project(x - self.rate * sample.gradient), SolverState(state.step + 1)


def test_a_solver_of_two_methods_is_enough() -> None:
    problem = quadratic()
    solution = solve(problem, Descent(20.0), 60)
    torch.testing.assert_close(solution.value, problem.target.clamp(0, 1), rtol=0, atol=1e-4)
    assert solution.state.solver == SolverState(60)
    # The candidate is the iterate.
    assert torch.equal(solution.state.candidate, solution.state.x)


def test_without_knowledge_of_the_gradient_nothing_counts_as_converged() -> None:
    solution = solve(quadratic(), Descent(20.0), 60, tolerance=0.999)
    assert solution.result is StopReason.STEP_LIMIT
