"""Curves of a solver: what it has reached after how many network passes and seconds."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ...geometry.barycenter import Schedule, make_solver
from ...geometry.barycenter_evaluation import evaluate_barycenter
from ...geometry.barycenter_problem import BarycenterProblem
from ...geometry.geodesic_problem import GeodesicProblem
from ...geometry.multilevel import level_of, minimise_path, on_finest, plan, start_path
from ...geometry.path_energy import path_energy
from ...metrics import Metric, Precision
from ...metrics.base import image_size
from ...metrics.seeds import stream, stream_seed
from ...metrics.statistics import standard_error
from ...optim import (
    Callback,
    PaperAdam,
    Problem,
    RunState,
    Solution,
    Solver,
    StoppingCriteria,
    StopReason,
    minimise,
    start,
)
from ..runs.result_cache import kept

Callbacks = tuple[Callback, ...]

_EVALUATION_SEED = 2**32
"""Far from the seeds of runs, and one for all: every curve is judged on the same draws."""

_NEVER = 2**62


@dataclass(frozen=True)
class Point:
    """What a run has reached.

    Attributes
    ----------
    passes
        Network passes, an image forward or back counting 1.
    objective, standard_error
        On the evaluation draws.
    """

    steps: int
    passes: int
    seconds: float
    objective: float
    standard_error: float


@dataclass(frozen=True)
class Curve:
    """A solver's way, and its last image or frames."""

    points: tuple[Point, ...]
    pictures: Tensor

    def passes_to(self, objective: float) -> float:
        """Return the passes after which the objective is reached, infinite if never.

        Between two points both are interpolated, passes on a logarithmic scale.
        """
        before: Point | None = None
        for point in self.points:
            if point.objective <= objective:
                if before is None or before.passes == 0:
                    return float(point.passes)
                share = (before.objective - objective) / (before.objective - point.objective)
                return before.passes * (point.passes / before.passes) ** share
            before = point
        return math.inf


@dataclass(frozen=True)
class Task:
    """What a curve is about.

    Attributes
    ----------
    images
        Inputs of a barycenter (K, 3, H, W), or both ends of a path.
    frames
        Frames of the path; 0: a barycenter.
    draws
        Of the evaluation.
    """

    images: Tensor
    frames: int
    metric: Metric
    power: int = 1
    draws: int = 32
    precision: Precision = "auto"


def curve(
    task: Task,
    schedule: Schedule,
    marks: Sequence[int],
    seed: int,
    callbacks: Sequence[Callback] = (),
) -> Curve:
    """Follow a schedule to ``marks`` steps.

    The released one starts barycenters from noise, as the authors' scripts; it has no paths,
    and works on all frames at once, from the cross-fade. Ours has its own defaults.
    """
    method = (_path if task.frames else _barycenter)(task, schedule, seed, tuple(callbacks))
    judge = _judge_path if task.frames else _judge_barycenter
    run, points = method.run, []
    for steps in (0, *marks):
        solution = method.advance(run, StoppingCriteria(steps, evaluate_every=_NEVER))
        if solution.result is StopReason.INTERRUPTED:
            raise KeyboardInterrupt
        run = solution.state
        value, error = judge(task, method.candidate(run))
        points.append(Point(steps, method.passes(steps), run.seconds, value, error))
    return Curve(tuple(points), method.candidate(run))


@dataclass(frozen=True)
class _Method:
    """How to begin, to go on, what the result is so far, and the passes of so many steps."""

    run: RunState
    advance: Callable[[RunState, StoppingCriteria], Solution]
    candidate: Callable[[RunState], Tensor]
    passes: Callable[[int], int]


def _barycenter(task: Task, schedule: Schedule, seed: int, callbacks: Callbacks) -> _Method:
    problem = BarycenterProblem.of(
        task.images,
        metric=task.metric,
        power=task.power,
        seed=seed,
        init="noise" if schedule == "released" else "blend",
        precision=task.precision,
    )
    solver = make_solver(problem, schedule)
    return _one_level(problem, solver, problem.initial, seed, len(task.images) + 2, callbacks)


def _path(task: Task, schedule: Schedule, seed: int, callbacks: Callbacks) -> _Method:
    released = schedule == "released"
    problem = GeodesicProblem.of(
        task.images[0],
        task.images[1],
        task.frames,
        metric=task.metric,
        init="blend" if released else "crisp",
        power=task.power,
        seed=seed,
        precision=task.precision,
    )
    if released:
        passes = 2 * problem.transitions
        return _one_level(problem, PaperAdam(), problem.initial, seed, passes, callbacks)
    levels = plan(problem)

    def candidate(run: RunState) -> Tensor:
        solver = levels[level_of(levels, run.x)].solver
        return on_finest(levels, solver.postprocess(run.x, run.solver))

    def passes_of(steps: int) -> int:
        total = done = 0
        for level in levels:
            until = steps if level.last_step is None else min(steps, level.last_step)
            total += (until - done) * 2 * level.problem.transitions
            done = until
        return total

    def advance(run: RunState, limits: StoppingCriteria) -> Solution:
        return minimise_path(levels, run, limits, callbacks)

    return _Method(start_path(levels, seed), advance, candidate, passes_of)


def _one_level(
    problem: Problem, solver: Solver, x: Tensor, seed: int, passes: int, callbacks: Callbacks
) -> _Method:
    return _Method(
        start(problem, solver, x, stream_seed(seed, "optimise")),
        lambda run, limits: minimise(problem, solver, run, limits, callbacks),
        lambda run: solver.postprocess(run.x, run.solver),
        lambda steps: steps * passes,
    )


def _judge_barycenter(task: Task, x: Tensor) -> tuple[float, float]:
    found = evaluate_barycenter(
        x[0],
        task.images,
        torch.full((len(task.images),), 1 / len(task.images)),
        task.metric,
        power=task.power,
        draws=task.draws,
        generator=stream(_EVALUATION_SEED, "evaluate"),
    )
    return found.objective, found.standard_error


def _judge_path(task: Task, x: Tensor) -> tuple[float, float]:
    generator = stream(_EVALUATION_SEED, "evaluate")
    draws = task.metric.draws(image_size(x), task.draws, generator)
    values = [
        path_energy(task.metric, task.images, x, draw, power=task.power, slope=False)[0]
        for draw in draws
    ]
    energies = torch.tensor(values, dtype=torch.float64)
    return float(energies.mean()), float(standard_error(energies))


def kept_curve(path: Path, identity: Mapping[str, Any], compute: Callable[[], Curve]) -> Curve:
    """Return the curve in the file ``path``, or compute it and write it there."""
    content = kept(path, identity, lambda: vars(compute()))
    points = tuple(Point(**each) for each in content["points"])
    return Curve(points, torch.tensor(content["pictures"]))
