"""The driver and the solvers, on problems whose solution is known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from elpips.geometry.checkpoint import CheckpointError, load_run, save_run
from elpips.optim import (
    GradientSample,
    PaperAdam,
    PreconditionedAdam,
    RunState,
    Scaling,
    Solver,
    StoppingCriteria,
    StopReason,
    minimise,
    optimality_error,
    start,
)

IDENTITY = {"problem": "quadratic", "seed": 3}


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


def quadratic(noise: float = 0.0, **kwargs) -> Quadratic:
    rng = torch.Generator().manual_seed(0)
    return Quadratic(torch.rand(1, 3, 6, 5, generator=rng) * 1.6 - 0.3, noise, **kwargs)


SOLVERS = [
    pytest.param(PaperAdam(), id="released"),
    pytest.param(PreconditionedAdam(Scaling(0.3)), id="spread"),
]
MIDDLE = torch.full((1, 3, 6, 5), 0.5)


def solve(problem: Quadratic, solver: Solver, steps: int, run: RunState | None = None, **limits):
    run = run or start(problem, solver, MIDDLE, seed=3)
    return minimise(problem, solver, run, StoppingCriteria(steps, evaluate_every=10, **limits))


@pytest.mark.parametrize("solver", SOLVERS)
def test_reaches_the_projection_of_the_target(solver: Solver) -> None:
    problem = quadratic()
    solution = solve(problem, solver, 1500)
    expected = problem.target.clamp(0, 1)
    assert solution.result is StopReason.STEP_LIMIT
    torch.testing.assert_close(solution.value, expected, rtol=0, atol=2e-3)
    gradient = 2 * (solution.value - problem.target) / expected.numel()
    first = solution.history[0].optimality_error
    assert optimality_error(solution.value.clamp(1e-4, 1 - 1e-4), gradient) >= 0
    assert solution.history[-1].optimality_error < 0.1 * first or isinstance(solver, PaperAdam)


@pytest.mark.parametrize("solver", SOLVERS)
def test_noise_is_averaged_down(solver: Solver) -> None:
    problem = quadratic(noise=3.0)
    solution = solve(problem, solver, 1500)
    optimum = problem.held_out(problem.target.clamp(0, 1))
    start_value = problem.held_out(MIDDLE)
    assert solution.objective - optimum < 0.03 * (start_value - optimum)


def test_optimality_error_ignores_what_the_box_blocks() -> None:
    x = torch.tensor([0.0, 0.0, 1.0, 1.0, 0.5])
    gradient = torch.tensor([1.0, -1.0, 1.0, -1.0, 2.0])
    assert optimality_error(x, gradient) == pytest.approx((1 + 1 + 4) ** 0.5)
    assert optimality_error(torch.zeros(3), torch.ones(3)) == 0


@pytest.mark.parametrize("solver", SOLVERS)
def test_stop_and_resume_is_bit_identical(solver: Solver, tmp_path: Path) -> None:
    through = solve(quadratic(noise=1.0), solver, 47)
    first = solve(quadratic(noise=1.0), solver, 23)
    save_run(tmp_path / "run.pt", first.state, IDENTITY)
    resumed = solve(quadratic(noise=1.0), solver, 47, run=load_run(tmp_path / "run.pt", IDENTITY))
    assert torch.equal(through.state.x, resumed.state.x)
    assert torch.equal(through.value, resumed.value)
    assert through.step == resumed.step and through.state.evaluations == resumed.state.evaluations
    timeless = [
        [replace(record, seconds=0) for record in each.history] for each in (through, resumed)
    ]
    assert timeless[0] == timeless[1]


@pytest.mark.parametrize("solver", SOLVERS)
def test_interruption_keeps_the_last_whole_step(solver: Solver) -> None:
    problem = quadratic(noise=1.0, interrupted_at=18)
    interrupted = solve(problem, solver, 100)
    assert interrupted.result is StopReason.INTERRUPTED
    assert interrupted.state.step == 17
    expected = solve(quadratic(noise=1.0), solver, 17)
    assert torch.equal(interrupted.state.x, expected.state.x)
    assert torch.equal(
        solve(quadratic(noise=1.0), solver, 30, run=interrupted.state).state.x,
        solve(quadratic(noise=1.0), solver, 30).state.x,
    )


def test_a_value_that_is_not_finite_ends_the_run_with_the_best_so_far() -> None:
    solution = solve(quadratic(fails_at=25), PreconditionedAdam(Scaling(0.3)), 100)
    assert solution.result is StopReason.NOT_FINITE
    assert solution.state.step == 24 and torch.isfinite(solution.value).all()
    assert solution.objective < quadratic().held_out(MIDDLE)


def test_best_so_far_goes_by_held_out_value() -> None:
    problem = quadratic()
    # Started at the solution, a far too large step only makes it worse.
    solver = PreconditionedAdam(Scaling(0.3), fraction=3.0, decay=1e9)
    run = start(problem, solver, problem.target.clamp(0, 1), seed=0)
    solution = minimise(problem, solver, run, StoppingCriteria(20, evaluate_every=5))
    assert solution.step == 0 and torch.equal(solution.value, problem.target.clamp(0, 1))


def test_tolerance_and_patience_stop_early() -> None:
    inside = Quadratic(torch.full((1, 3, 6, 5), 0.7))
    converged = solve(inside, PreconditionedAdam(Scaling(0.3)), 5000, tolerance=0.05)
    assert converged.result is StopReason.CONVERGED and converged.state.step < 5000
    at_solution = Quadratic(MIDDLE.clone(), noise=1.0)
    stuck = solve(at_solution, PreconditionedAdam(Scaling(0.3)), 5000, patience=3)
    assert stuck.result is StopReason.NO_PROGRESS and stuck.state.step == 30


def test_history_counts_draws_and_steps() -> None:
    solution = solve(quadratic(), PaperAdam(), 12)
    assert [record.step for record in solution.history] == list(range(1, 13))
    assert solution.history[-1].draws == 24
    assert [step for step, _ in solution.state.evaluations] == [0, 10]


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


def test_limits_are_checked() -> None:
    with pytest.raises(ValueError, match="steps: found -1"):
        StoppingCriteria(-1)
    with pytest.raises(ValueError, match="tolerance: found nan"):
        StoppingCriteria(1, tolerance=float("nan"))


class TestCheckpoint:
    def saved(self, folder: Path) -> Path:
        path = folder / "run.pt"
        save_run(path, solve(quadratic(), PaperAdam(), 5).state, IDENTITY)
        return path

    def test_missing(self, tmp_path: Path) -> None:
        with pytest.raises(CheckpointError, match="no checkpoint"):
            load_run(tmp_path / "run.pt", IDENTITY)

    def test_another_problem(self, tmp_path: Path) -> None:
        with pytest.raises(CheckpointError, match="made with seed 3, found 4"):
            load_run(self.saved(tmp_path), {**IDENTITY, "seed": 4})

    @pytest.mark.parametrize("kept", [0, 100, -20])
    def test_truncated(self, tmp_path: Path, kept: int) -> None:
        path = self.saved(tmp_path)
        path.write_bytes(path.read_bytes()[:kept])
        with pytest.raises(CheckpointError, match="not a readable checkpoint"):
            load_run(path, IDENTITY)

    def test_written_whole_or_not_at_all(self, tmp_path: Path, monkeypatch) -> None:
        path = self.saved(tmp_path)
        before = path.read_bytes()

        def fail(content, target) -> None:
            Path(target).write_bytes(b"half")
            raise OSError("disk full")

        monkeypatch.setattr(torch, "save", fail)
        with pytest.raises(OSError, match="disk full"):
            save_run(path, load_run(path, IDENTITY), IDENTITY)
        assert path.read_bytes() == before


def test_interruption_of_the_last_judgement_keeps_the_run() -> None:
    problem = quadratic()
    judge = problem.held_out

    def held_out(x: Tensor) -> float:
        if problem.calls == 7:
            raise KeyboardInterrupt
        return judge(x)

    problem.held_out = held_out
    solver = PreconditionedAdam()
    run = start(problem, solver, torch.full((1, 3, 6, 5), 0.5), 0)
    solution = minimise(problem, solver, run, StoppingCriteria(7))
    assert solution.result is StopReason.INTERRUPTED and solution.state.step == 7
