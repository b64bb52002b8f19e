"""Curves of a solver: what it has reached after how many network passes and seconds."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ...geometry import barycenter, evaluate_barycenter, geodesic
from ...geometry.multilevel import Level, on_finest
from ...geometry.options import Schedule
from ...geometry.path_energy import path_energy
from ...metrics import Metric, Precision
from ...metrics.base import image_size
from ...metrics.seeds import stream
from ...metrics.statistics import mean_of
from ...optim import Callback, RunState, Solution
from ..runs.result_cache import cached_results

_EVALUATION_SEED = 2**32
"""Far from the seeds of runs, and one for all: every curve is judged on the same draws."""


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
    task: Task, schedule: Schedule, marks: Sequence[int], seed: int, progress: str | None = None
) -> Curve:
    """Follow a schedule to the last of ``marks`` steps, and judge where it was at each.

    The released one starts barycenters from noise, as the authors' scripts; it has no paths,
    and works on all frames at once, from the cross-fade. Ours has its own defaults.
    """
    follow = _path if task.frames else _barycenter
    judge = _judge_path if task.frames else _judge_barycenter
    points, pictures = [], torch.empty(0)
    for each, pictures in follow(task, schedule, marks, seed, progress):
        points.append(Point(each.steps, each.passes, each.seconds, *judge(task, pictures)))
    return Curve(tuple(points), pictures)


@dataclass(frozen=True)
class _Mark:
    """A place on a run's way: steps, network passes and seconds so far."""

    steps: int
    passes: int
    seconds: float


def _barycenter(
    task: Task, schedule: Schedule, marks: Sequence[int], seed: int, progress: str | None
) -> list[tuple[_Mark, Tensor]]:
    seen, look = _watch(marks)
    found = barycenter(
        task.images,
        metric=task.metric,
        init="noise" if schedule == "released" else "blend",
        callbacks=[look],
        progress=progress,
        steps=marks[-1],
        schedule=schedule,
        power=task.power,
        precision=task.precision,
        seed=seed,
    )
    _check_whole(found.solution)
    # Per draw, every input forward once, the image forward and back.
    passes = len(task.images) + 2
    way = [(_Mark(run.step, run.step * passes, run.seconds), run.candidate) for run in seen]
    return [(_Mark(0, 0, 0.0), found.problem.initial), *way]


def _path(
    task: Task, schedule: Schedule, marks: Sequence[int], seed: int, progress: str | None
) -> list[tuple[_Mark, Tensor]]:
    seen, look = _watch(marks)
    found = geodesic(
        task.images[0],
        task.images[1],
        task.frames,
        metric=task.metric,
        init="blend" if schedule == "released" else "crisp",
        callbacks=[look],
        progress=progress,
        steps=marks[-1],
        schedule=schedule,
        power=task.power,
        precision=task.precision,
        seed=seed,
    )
    _check_whole(found.solution)
    levels = found.levels
    way = [
        (_Mark(run.step, _passes(levels, run.step), run.seconds), on_finest(levels, run.candidate))
        for run in seen
    ]
    return [(_Mark(0, 0, 0.0), on_finest(levels, levels[0].problem.initial)), *way]


def _watch(marks: Sequence[int]) -> tuple[list[RunState], Callback]:
    """Return a list of runs, and the callback that adds each one there whose step is a mark."""
    seen: list[RunState] = []

    def look(run: RunState) -> None:
        if run.step in marks:
            seen.append(run)

    return seen, look


def _check_whole(solution: Solution) -> None:
    if solution.interrupted:
        raise KeyboardInterrupt


def _passes(levels: Sequence[Level], steps: int) -> int:
    """Return the network passes of the first steps: every frame forward and back."""
    total = done = 0
    for level in levels:
        until = steps if level.last_step is None else min(steps, level.last_step)
        total += (until - done) * 2 * level.problem.transitions
        done = until
    return total


def _judge_barycenter(task: Task, x: Tensor) -> tuple[float, float]:
    found = evaluate_barycenter(
        task.metric,
        x[0],
        task.images,
        torch.full((len(task.images),), 1 / len(task.images)),
        power=task.power,
        draws=task.draws,
        seed=_EVALUATION_SEED,
    )
    return found.objective, found.standard_error


def _judge_path(task: Task, x: Tensor) -> tuple[float, float]:
    generator = stream(_EVALUATION_SEED, "evaluate")
    draws = task.metric.draws(image_size(x), task.draws, generator)
    values = [
        path_energy(task.metric, task.images, x, draw, power=task.power, slope=False)[0]
        for draw in draws
    ]
    energies = mean_of(values)
    return energies.mean, energies.standard_error


def cached_curve(path: Path, identity: Mapping[str, Any], compute: Callable[[], Curve]) -> Curve:
    """Return the curve in the file ``path``, or compute it and write it there."""
    content = cached_results(path, identity, lambda: vars(compute()))
    points = tuple(Point(**each) for each in content["points"])
    return Curve(points, torch.tensor(content["pictures"]))
