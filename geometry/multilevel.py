"""Coarse to fine: paths of few frames first, each level started from the one before.

Levels are cut by fixed numbers of steps and not by shares of a total, so that a run may be
stopped, resumed and prolonged at any step. One `RunState` goes through all levels; the shape of
its iterate says on which it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import accumulate

import torch
from torch import Tensor

from ..metrics import InputError
from ..metrics.seeds import stream_seed
from ..optim import (
    AveragedAdamState,
    Callback,
    PaperAdam,
    PreconditionedAdam,
    RunState,
    Solution,
    StoppingCriteria,
    StopReason,
    advance,
    conclude,
    minimise,
    project,
    start,
)
from .geodesic_problem import GeodesicProblem
from .identity import Identity
from .options import GeodesicOptions
from .sine_modes import extend_moments, resample, times_of
from .soundness import UnsoundError, check_fits, check_sound
from .torus import resize

_SMALLEST_SIDE = 32


@dataclass(frozen=True)
class Level:
    """A problem with few frames or small ones, and its solver.

    Attributes
    ----------
    steps
        Steps that the level is given; the finest has more or fewer if the run has.
    last_step
        Steps of the run, from its start, after which the next level begins; None for the
        finest, which ends with the run.
    """

    problem: GeodesicProblem
    solver: PreconditionedAdam | PaperAdam
    steps: int
    last_step: int | None = None


def plan(problem: GeodesicProblem, options: GeodesicOptions | None = None) -> tuple[Level, ...]:
    """Return the levels of a problem, coarsest first.

    In time 2, 4, 8, ... transitions, then the problem's own; with ``halvings`` all of these
    on images of 1 / 2^halvings the size, then its own number on each doubling.
    """
    options = options or GeodesicOptions()
    work = options.effort(problem.ends.device)
    if options.schedule == "released":
        return (Level(problem, PaperAdam(), work.last_steps),)
    counts = _coarser_counts(problem.transitions) if options.coarse_to_fine else []
    counts.append(problem.transitions)
    sizes = [_halved(problem.size, times) for times in range(options.halvings, -1, -1)]
    shapes = [(count, sizes[0]) for count in counts]
    shapes += [(problem.transitions, size) for size in sizes[1:]]
    problems = [problem.at(count, size) for count, size in shapes]
    steps = [work.first_steps, *[work.next_steps] * len(problems)][: len(problems) - 1]
    ends = [*accumulate(steps), None]
    fraction = options.step_size or work.step_size_from(problem.init)
    return tuple(
        Level(each, PreconditionedAdam(each.preconditioner(), fraction=fraction), due, last)
        for each, due, last in zip(problems, [*steps, work.last_steps], ends, strict=True)
    )


def default_steps(levels: tuple[Level, ...]) -> int:
    """Return the steps of a run that gives each level its due."""
    return sum(level.steps for level in levels)


def work_after(levels: tuple[Level, ...], step: int) -> float:
    """Return the work of a run's first steps, in pixels of all transitions."""
    total, begun = 0.0, 0
    for level in levels:
        end = step if level.last_step is None else min(step, level.last_step)
        height, width = level.problem.size
        total += max(0, end - begun) * level.problem.transitions * height * width
        begun = max(begun, end)
    return total


def identity(levels: tuple[Level, ...]) -> Identity:
    """Return what must agree for a run through the levels to go on."""
    return {
        **levels[-1].problem.identity,
        "levels": [[level.problem.transitions, *level.problem.size] for level in levels],
        "level steps": [level.last_step for level in levels],
        "solver": [_scalars(level.solver) for level in levels],
    }


def _scalars(solver: PreconditionedAdam | PaperAdam) -> list[str]:
    """Return a solver's name and numbers."""
    numbers = (
        f"{name} {value}" for name, value in vars(solver).items() if name != "preconditioner"
    )
    return [type(solver).__name__, *numbers]


def start_path(levels: tuple[Level, ...], seed: int) -> RunState:
    """Return the run that has done no step yet, on the coarsest level."""
    first = levels[0]
    return start(
        first.problem,
        first.solver,
        first.problem.initial,
        stream_seed(seed, "optimise"),
        identity(levels),
    )


def check_path_run(levels: tuple[Level, ...], run: RunState) -> RunState:
    """Return ``run``, or raise `InputError` if it stands on none of the levels."""
    check_sound(run)
    shapes = [
        (each.transitions - 1, *each.ends.shape[1:]) for each in (level.problem for level in levels)
    ]
    if run.x.shape not in shapes:
        raise UnsoundError(f"the run is at images {tuple(run.x.shape)}, on none of its levels")
    return check_fits(run, levels[shapes.index(run.x.shape)].solver, run.x)


def minimise_path(
    levels: tuple[Level, ...],
    run: RunState,
    criteria: StoppingCriteria,
    callbacks: Iterable[Callback] = (),
) -> Solution:
    """Go through the levels from where ``run`` stands; see `optim.minimise`.

    Tolerance and patience count on the finest level only. The solution's value is the path
    on the level that the run has reached; `on_finest` brings it to the finest.
    """
    callbacks = tuple(callbacks)
    index = level_of(levels, run.x)
    while True:
        level = levels[index]
        if level.last_step is None:
            return minimise(level.problem, level.solver, run, criteria, callbacks)
        here = StoppingCriteria(
            min(criteria.steps, level.last_step), evaluate_every=criteria.evaluate_every
        )
        run, result = advance(level.problem, level.solver, run, here, callbacks)
        if result is not StopReason.STEP_LIMIT or criteria.steps <= level.last_step:
            return conclude(level.problem, run, here, result)
        try:
            run = _carry(run, level, levels[index + 1])
        except KeyboardInterrupt:
            return conclude(level.problem, run, here, StopReason.INTERRUPTED)
        index += 1


def level_of(levels: tuple[Level, ...], x: Tensor) -> int:
    """Return the index of the level whose inner frames have the shape of x."""
    shapes = [(level.problem.transitions - 1, *level.problem.size) for level in levels]
    return shapes.index((x.shape[0], x.shape[2], x.shape[3]))


def on_finest(levels: tuple[Level, ...], x: Tensor) -> Tensor:
    """Bring inner frames of any level to the finest, (N - 1, 3, H, W)."""
    return _lift(x, levels[level_of(levels, x)].problem, levels[-1].problem)


def _coarser_counts(transitions: int) -> list[int]:
    """Return 2, 4, 8, ... up to two thirds of ``transitions``."""
    counts, count = [], 2
    while 3 * count <= 2 * transitions:
        counts.append(count)
        count *= 2
    return counts


def _halved(size: tuple[int, int], times: int) -> tuple[int, int]:
    height, width = (round(side / 2**times) for side in size)
    if times and min(height, width) < _SMALLEST_SIDE:
        raise InputError(
            f"halvings: found {times}, which leaves {width} x {height} px of images of "
            f"{size[1]} x {size[0]}; expected at least {_SMALLEST_SIDE}"
        )
    return height, width


def _lift(x: Tensor, coarse: GeodesicProblem, fine: GeodesicProblem) -> Tensor:
    """Interpolate the deviation from the reference in time, then in space."""
    if coarse is fine:
        return x
    deviation = resample(x - coarse.middle, times_of(fine.transitions)[1:-1])
    if coarse.size != fine.size:
        deviation = resize(deviation, fine.size, fine.wrap)
        if fine.mask is not None:
            deviation = deviation * (fine.mask > 0)
    return project(fine.middle + deviation)


def _carry(run: RunState, coarse: Level, fine: Level) -> RunState:
    """Go on with a run on a finer level; counters, records and the solver's memory stay."""
    assert isinstance(fine.solver, PreconditionedAdam)
    assert isinstance(run.solver, AveragedAdamState)
    x = _lift(run.candidate, coarse.problem, fine.problem)

    def transfer(moments: Tensor, order: int) -> Tensor:
        extended = extend_moments(moments, fine.problem.transitions, order=order)
        return _enlarge(extended, fine.problem, order=order)

    state = fine.solver.carry(run.solver, x, transfer)
    value = fine.problem.held_out(x)
    return replace(
        run,
        x=x,
        solver=state,
        candidate=fine.solver.postprocess(x, state),
        best=x,
        best_value=value,
        best_step=run.step,
        evaluations=(*run.evaluations, (run.step, value)),
    )


def _enlarge(moments: Tensor, fine: GeodesicProblem, *, order: int) -> Tensor:
    """Return moments (M, bands, 3, h, w) for images of a finer problem: (M, bands, 3, H, W).

    Detail of a pixel's scale becomes detail of twice that scale, one band coarser, and a
    gradient is shared by as many more pixels.
    """
    size, (height, width) = fine.size, moments.shape[-2:]
    if (height, width) == size:
        return moments
    share = (height * width / (size[0] * size[1])) ** order
    larger = share * resize(moments.flatten(0, 1), size, fine.wrap).view(*moments.shape[:-2], *size)
    return torch.cat([larger[:, :1], larger[:, :-1]], dim=1)
