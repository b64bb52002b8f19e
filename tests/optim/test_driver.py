"""The driver: limits, best so far, interruption, going on, on a problem whose solution is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from elpips.geometry import load_run, save_run
from elpips.optim import (
    PaperAdam,
    PreconditionedAdam,
    Scaling,
    Solver,
    StoppingCriteria,
    StopReason,
    minimise,
    start,
)
from toy_problems import (
    DESCENTS,
    MIDDLE,
    SHAPE,
    SOLVERS,
    Quadratic,
    quadratic,
    same,
    solve,
    stop_at,
)

SPREAD = PreconditionedAdam(Scaling(0.3))


@pytest.mark.parametrize("solver", DESCENTS)
def test_stop_and_resume_is_bit_identical(solver: Solver, tmp_path: Path) -> None:
    through = solve(quadratic(noise=1.0), solver, 47)
    first = solve(quadratic(noise=1.0), solver, 23)
    save_run(tmp_path / "run.pt", first.state)
    resumed = solve(quadratic(noise=1.0), solver, 47, run=load_run(tmp_path / "run.pt"))
    assert torch.equal(through.state.x, resumed.state.x)
    assert torch.equal(through.value, resumed.value)
    assert through.step == resumed.step and through.state.evaluations == resumed.state.evaluations
    timeless = [
        [replace(record, seconds=0) for record in each.history] for each in (through, resumed)
    ]
    assert timeless[0] == timeless[1]


@pytest.mark.parametrize(("problem", "solver"), SOLVERS)
@pytest.mark.parametrize("stops", [(1, 2), (10,), (29, 30, 31)])
def test_every_solver_goes_on_as_if_it_had_not_stopped(problem, solver, stops) -> None:
    through = solve(problem(), solver, 40)
    run = None
    for steps in (*stops, 40):
        resumed = solve(problem(), solver, steps, run)
        run = resumed.state
    assert same(resumed.state.x, through.state.x)
    assert same(resumed.state.solver, through.state.solver)
    assert same(resumed.value, through.value) and resumed.objective == through.objective


@pytest.mark.parametrize("solver", DESCENTS)
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
    solution = solve(quadratic(fails_at=25), SPREAD, 100)
    assert solution.result is StopReason.NOT_FINITE
    assert solution.state.step == 24 and torch.isfinite(solution.value).all()
    assert solution.objective < quadratic().held_out(MIDDLE)


def test_a_gradient_that_is_not_finite_ends_the_run_too() -> None:
    problem = quadratic()
    problem.noise = float("inf")
    solution = solve(problem, SPREAD, 100)
    assert solution.result is StopReason.NOT_FINITE
    assert solution.state.step == 0 and torch.equal(solution.value, MIDDLE)


def test_best_so_far_goes_by_held_out_value() -> None:
    problem = quadratic()
    # Started at the solution, a far too large step only makes it worse.
    solver = PreconditionedAdam(Scaling(0.3), fraction=3.0, decay=1e9)
    run = start(problem, solver, problem.target.clamp(0, 1), seed=0)
    solution = minimise(problem, solver, run, StoppingCriteria(20, evaluate_every=5))
    assert solution.step == 0 and torch.equal(solution.value, problem.target.clamp(0, 1))


def test_the_last_iterate_is_weighed_too_and_that_changes_no_run() -> None:
    solution = solve(quadratic(), SPREAD, 17)
    assert solution.step == 17 and solution.state.best_step == 10
    assert torch.equal(solution.value, solution.state.candidate)
    assert solution.objective < solution.state.best_value
    assert solution.objective == quadratic().held_out(solution.value)
    assert [step for step, _ in solution.state.evaluations] == [0, 10]


def test_tolerance_and_patience_stop_early() -> None:
    inside = Quadratic(torch.full(SHAPE, 0.7))
    converged = solve(inside, SPREAD, 5000, tolerance=0.05)
    assert converged.result is StopReason.CONVERGED and converged.state.step < 5000
    at_solution = Quadratic(MIDDLE.clone(), noise=1.0)
    stuck = solve(at_solution, SPREAD, 5000, patience=3)
    assert stuck.result is StopReason.NO_PROGRESS and stuck.state.step == 30


def test_history_counts_draws_and_steps() -> None:
    solution = solve(quadratic(), PaperAdam(), 12)
    assert [record.step for record in solution.history] == list(range(1, 13))
    assert solution.history[-1].draws == 24
    assert [step for step, _ in solution.state.evaluations] == [0, 10]
    seconds = [record.seconds for record in solution.history]
    assert seconds == sorted(seconds) and seconds[0] > 0 and solution.state.seconds == seconds[-1]


def test_callbacks_see_every_step() -> None:
    seen, order = [], []
    solution = solve(
        quadratic(noise=1.0),
        SPREAD,
        23,
        callbacks=(each for each in (seen.append, lambda run: order.append(len(seen)))),
    )
    assert [run.step for run in seen] == list(range(1, 24)) == order
    assert [len(run.history) for run in seen] == list(range(1, 24))
    assert all(run.history[-1].step == run.step for run in seen)
    assert seen[-1] is solution.state


def test_ctrl_c_during_a_callback_keeps_the_step() -> None:
    solution = solve(quadratic(noise=1.0), SPREAD, 20, callbacks=[stop_at(8)])
    assert solution.interrupted and solution.state.step == 8
    resumed = solve(quadratic(noise=1.0), SPREAD, 20, run=solution.state)
    assert torch.equal(resumed.value, solve(quadratic(noise=1.0), SPREAD, 20).value)


def test_a_run_starts_inside_the_box_with_what_it_is_of() -> None:
    identity = {"problem": "quadratic"}
    run = start(quadratic(), SPREAD, 3 * MIDDLE, 5, identity)
    assert torch.equal(run.x, torch.ones(SHAPE)) and run.identity == identity
    identity["problem"] = "another"
    assert run.identity == {"problem": "quadratic"}
    assert solve(quadratic(), SPREAD, 3, run).state.identity == run.identity
    assert start(quadratic(), SPREAD, MIDDLE, 5).identity == {}


def test_seeds_differ_and_repeat() -> None:
    one, again, other = (
        solve(
            quadratic(noise=1.0), SPREAD, 5, start(quadratic(noise=1.0), SPREAD, MIDDLE, seed)
        ).state.x
        for seed in (1, 1, 2)
    )
    assert torch.equal(one, again) and not torch.equal(one, other)


def test_no_steps_give_the_start() -> None:
    solution = solve(quadratic(), SPREAD, 0)
    assert solution.result is StopReason.STEP_LIMIT and len(solution.history) == 0
    assert torch.equal(solution.value, MIDDLE) and solution.step == 0


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"steps": -1}, "steps: found -1"),
        ({"steps": 1, "tolerance": float("nan")}, "tolerance: found nan"),
        ({"steps": 1, "tolerance": -0.1}, "tolerance: found -0.1"),
        ({"steps": 1, "patience": -1}, "patience: found -1"),
        ({"steps": 1, "evaluate_every": 0}, "evaluate_every: found 0, expected >= 1"),
    ],
)
def test_limits_are_checked(limits, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        StoppingCriteria(**limits)


def test_interruption_of_the_last_judgement_keeps_the_run() -> None:
    problem = quadratic()
    judge = problem.held_out

    def held_out(x: Tensor) -> float:
        if problem.calls == 7:
            raise KeyboardInterrupt
        return judge(x)

    problem.held_out = held_out
    solver = PreconditionedAdam()
    run = start(problem, solver, MIDDLE, 0)
    solution = minimise(problem, solver, run, StoppingCriteria(7))
    assert solution.result is StopReason.INTERRUPTED and solution.state.step == 7
