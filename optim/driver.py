"""The one loop: iteration, limits, finiteness, best-so-far, interruption, checkpoints."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from .box import optimality_error, project
from .problem import Problem
from .run import RunState, Solution, StepRecord, StopReason
from .solver import Solver
from .threads import ThreadChoice, chosen_threads

Callback = Callable[[RunState], None]
"""Called after every step; sees the run, returns nothing."""


@dataclass(frozen=True)
class StoppingCriteria:
    """When to stop, and how often to look.

    Attributes
    ----------
    steps
        Optimiser steps in all, those of a resumed run included.
    tolerance
        Stop when the solver's optimality error, relative to its first value, falls below
        this; 0 is off.
    patience
        Stop after this many held-out evaluations in a row without a new best; 0 is off.
    evaluate_every
        Steps between held-out evaluations.
    """

    steps: int
    tolerance: float = 0.0
    patience: int = 0
    evaluate_every: int = 50

    def __post_init__(self) -> None:
        """Check the values."""
        least = {"steps": 0, "tolerance": 0, "patience": 0, "evaluate_every": 1}
        for name, bound in least.items():
            # Written so that NaN fails.
            if not getattr(self, name) >= bound:
                raise ValueError(f"{name}: found {getattr(self, name)}, expected >= {bound}")


def start(
    problem: Problem,
    solver: Solver[Any],
    x: Tensor,
    seed: int,
    identity: Mapping[str, Any] | None = None,
) -> RunState:
    """Return the run that has done no step yet, at x projected to the box.

    ``identity`` says what the run is of, in plain numbers and strings.
    """
    x = project(x.detach())
    with chosen_threads():
        value, state = problem.held_out(x), solver.init(x)
    return RunState(
        identity=dict(identity or {}),
        step=0,
        x=x,
        solver=state,
        generator=torch.Generator().manual_seed(seed).get_state(),
        candidate=solver.postprocess(x, state),
        best=x,
        best_value=value,
        best_step=0,
        evaluations=((0, value),),
    )


def minimise(
    problem: Problem,
    solver: Solver[Any],
    run: RunState,
    criteria: StoppingCriteria,
    callbacks: Iterable[Callback] = (),
) -> Solution:
    """Minimise ``problem`` over the box [0, 1], going on from ``run``.

    A run that is stopped at any step and resumed takes the same steps as one that is not:
    all that a step depends on is in ``run``, and evaluations fall on fixed steps. The
    result is the best point by held-out evaluation, among them the last. Ctrl-C ends the
    run with `StopReason.INTERRUPTED` and loses nothing but the step in progress.
    """
    run, result = advance(problem, solver, run, criteria, callbacks)
    return conclude(problem, run, criteria, result)


def advance(
    problem: Problem,
    solver: Solver[Any],
    run: RunState,
    criteria: StoppingCriteria,
    callbacks: Iterable[Callback] = (),
) -> tuple[RunState, StopReason]:
    """Take steps until one of the criteria, Ctrl-C or a number that is not finite ends them."""
    callbacks = tuple(callbacks)
    try:
        with chosen_threads() as threads:
            while True:
                result = _verdict(solver, run, criteria)
                if result is not None:
                    return run, result
                run = _step(problem, solver, run, criteria, threads)
                for callback in callbacks:
                    callback(run)
    except KeyboardInterrupt:
        return run, StopReason.INTERRUPTED
    except FloatingPointError:
        return run, StopReason.NOT_FINITE


def conclude(
    problem: Problem, run: RunState, criteria: StoppingCriteria, result: StopReason
) -> Solution:
    """Weigh the last iterate too, without letting that change the run to be resumed."""
    judged = run
    if run.step % criteria.evaluate_every and result is not StopReason.NOT_FINITE:
        try:
            with chosen_threads():
                judged = _judge(problem, run)
        except KeyboardInterrupt:
            result = StopReason.INTERRUPTED
    return Solution(judged.best, judged.best_value, judged.best_step, result, run)


def _step(
    problem: Problem,
    solver: Solver[Any],
    run: RunState,
    criteria: StoppingCriteria,
    threads: ThreadChoice | None,
) -> RunState:
    """Take one step; raise FloatingPointError where the objective is not finite."""
    began = time.perf_counter()
    generator = torch.Generator()
    generator.set_state(run.generator)
    sample = problem.sample(run.x, generator)
    error = optimality_error(run.x, sample.gradient)
    if not (math.isfinite(sample.value) and math.isfinite(error)):
        raise FloatingPointError
    x, state = solver.step(run.x, sample, run.solver)
    draws = (run.history[-1].draws if run.history else 0) + sample.draws
    run = replace(
        run,
        step=run.step + 1,
        x=x,
        solver=state,
        generator=generator.get_state(),
        candidate=solver.postprocess(x, state),
    )
    if threads is not None and x.device.type == "cpu":
        threads.step(sample.work, time.perf_counter() - began)
    if run.step % criteria.evaluate_every == 0:
        run = _judge(problem, run)
    seconds = run.seconds + time.perf_counter() - began
    record = StepRecord(run.step, draws, seconds, sample.value, error)
    return replace(run, seconds=seconds, history=run.history.extended(record))


def _judge(problem: Problem, run: RunState) -> RunState:
    """Evaluate the solver's candidate on held-out draws and keep it if it is the best."""
    value = problem.held_out(run.candidate)
    run = replace(run, evaluations=(*run.evaluations, (run.step, value)))
    # Written so that any number is better than none.
    if not value >= run.best_value and not math.isnan(value):
        run = replace(run, best=run.candidate, best_value=value, best_step=run.step)
    return run


def _verdict(solver: Solver[Any], run: RunState, criteria: StoppingCriteria) -> StopReason | None:
    """Return why the run must stop before its next step, or None."""
    if run.step >= criteria.steps:
        return StopReason.STEP_LIMIT
    if run.history and criteria.tolerance > 0:
        first = run.history[0].optimality_error
        if solver.optimality(run.x, run.solver) <= criteria.tolerance * first:
            return StopReason.CONVERGED
    if (
        criteria.patience
        and run.step - run.best_step >= criteria.patience * criteria.evaluate_every
    ):
        return StopReason.NO_PROGRESS
    return None
