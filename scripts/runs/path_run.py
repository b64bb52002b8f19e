"""Solving one path with progress, checkpoint and evaluation: what path commands share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, get_args

import torch
import tyro
from torch import Tensor
from tyro.conf import OmitArgPrefixes

from ...geometry.barycenter import make_limits
from ...geometry.barycenter_evaluation import check_draws
from ...geometry.geodesic import evaluate, finish, geodesic
from ...geometry.geodesic_problem import GeodesicProblem
from ...geometry.multilevel import Level, default_steps, minimise_path, plan, start_path
from ...geometry.path_evaluation import PathComparison
from ...geometry.progress import ProgressBar, draws_bar
from ...geometry.reference_path import PathInit, cross_fade
from ...geometry.sine_modes import times_of
from ...geometry.stationarity import stationarity_errors
from ...media.frames import read_frames
from ...metrics import InputError, Metric, Precision, available_metrics
from ...metrics.seeds import stream
from ...optim import Solution, StopReason
from .folder import has_checkpoint
from .options import MetricName, default_of, make_metric, resolve_device
from .path import GeodesicFolder, path_identity
from .path_report import evaluation_record, judge_also

_INTERRUPTED_DRAWS = 4


@dataclass(frozen=True)
class PathOptions:
    """How paths are computed and judged.

    Attributes
    ----------
    metric
        The distance whose path energy is minimised.
    also
        A second metric to judge the path under, or none.
    scale_levels
        Levels of the E-LPIPS scale ensemble; by image size if not given.
    init
        Start from crisp (a cross-fade that keeps local contrast), blend (the plain one),
        nearest (the nearer end), noise, flow (both ends warped along their optical flow),
        or a folder or animation of frames.
    power
        1 sums the distances, 2 their squares.
    steps
        Optimiser steps on all levels together; by default as many as they need.
    coarse_to_fine
        Find paths of 2, 4, 8, ... transitions first.
    halvings
        Find paths of images half, a quarter, ... the size first: this many times.
    step_size
        First step size, in units of how far frames may have to go.
    draws
        Random draws of the ensemble per step.
    pixel_weight
        Weight of the path's energy in squared pixel differences.
    equal_steps
        Space the frames equally in perceptual length at the end.
    tolerance
        Stop when the gradient has fallen to this fraction of its first norm.
    patience
        Stop after this many evaluations (one per 50 steps) without a new best.
    chunk
        Frames in memory at a time; by their size if not given.
    precision
        Of the gradients' arithmetic: auto (bfloat16 where the processor is made for it),
        float32 or bfloat16. Paths are judged in float32.
    evaluation_draws
        Fresh draws for the final evaluation.
    residual_draws
        Draws for the gradient that is left at each frame; 0 leaves it out.
    seed
        Same seed, same numbers.
    device
        auto, cpu, cuda, cuda:1, ...
    """

    metric: MetricName = default_of(geodesic, "metric")
    also: str = "lpips_alex"
    scale_levels: int | None = None
    init: str = default_of(geodesic, "init")
    power: int = default_of(geodesic, "power")
    steps: int | None = default_of(geodesic, "steps")
    coarse_to_fine: bool = default_of(geodesic, "coarse_to_fine")
    halvings: int = default_of(geodesic, "halvings")
    step_size: float = default_of(geodesic, "step_size")
    draws: int = default_of(geodesic, "draws")
    pixel_weight: float = default_of(geodesic, "pixel_weight")
    equal_steps: bool = default_of(geodesic, "equal_steps")
    tolerance: float = default_of(geodesic, "tolerance")
    patience: int = default_of(geodesic, "patience")
    chunk: int | None = default_of(geodesic, "chunk")
    precision: Precision = default_of(geodesic, "precision")
    evaluation_draws: int = default_of(geodesic, "evaluation_draws")
    residual_draws: int = 4
    seed: int = default_of(geodesic, "seed")
    device: str = "auto"

    def make_metric(self) -> Metric:
        """Create the metric on the device."""
        options = {} if self.scale_levels is None else {"scale_levels": self.scale_levels}
        return make_metric(self.metric, self.device, **options)

    @property
    def where(self) -> torch.device:
        """The device."""
        return resolve_device(self.device)


PathArguments = Annotated[OmitArgPrefixes[PathOptions], tyro.conf.arg(name="path")]
"""The options of a path as arguments of a command."""


@dataclass(frozen=True)
class SolvedPath:
    """A path, how it was found and what is known about it.

    Attributes
    ----------
    frames
        (N + 1, 3, H, W).
    """

    levels: tuple[Level, ...]
    solution: Solution
    frames: Tensor

    @property
    def problem(self) -> GeodesicProblem:
        """The problem on the finest level."""
        return self.levels[-1].problem

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended the run."""
        return self.solution.result is StopReason.INTERRUPTED

    @property
    def finest_from(self) -> int:
        """The step at which the finest level begins."""
        return 0 if len(self.levels) == 1 else self.levels[-2].last_step or 0


def check_options(options: PathOptions) -> None:
    """Raise `InputError` for numbers that no run can use, before the work begins."""
    make_limits(1 if options.steps is None else options.steps, options.tolerance, options.patience)
    check_draws(options.evaluation_draws)
    if options.also not in ("none", *available_metrics()):
        known = ", ".join(available_metrics())
        raise InputError(f"also: found {options.also!r}, expected none or one of {known}")
    if options.residual_draws < 0 or options.residual_draws == 1:
        raise InputError(f"residual draws: found {options.residual_draws}, expected 0 or >= 2")


def solve_path(
    ends: Tensor,
    frames: int,
    metric: Metric,
    options: PathOptions,
    folder: Path,
    *,
    names: Sequence[str],
    resume: bool,
    label: str = "geodesic",
) -> SolvedPath:
    """Compute the path of ``frames`` frames between ``ends`` (2, 3, H, W).

    Keeps a checkpoint in ``folder``; with ``resume`` goes on from it.
    """
    problem = GeodesicProblem.of(
        ends[0],
        ends[1],
        frames,
        metric=metric,
        init=_read_init(options.init, ends),
        power=options.power,
        draws=options.draws,
        pixel_weight=options.pixel_weight,
        chunk=options.chunk,
        precision=options.precision,
        seed=options.seed,
    )
    levels = plan(
        problem,
        coarse_to_fine=options.coarse_to_fine,
        halvings=options.halvings,
        step_size=options.step_size,
    )
    steps = default_steps(levels) if options.steps is None else options.steps
    out = GeodesicFolder(folder, path_identity(problem, levels, options.init))
    if resume:
        run = out.load(ends.device)
    else:
        out.set_old_checkpoint_aside()
        run = start_path(levels, options.seed)
    out.save_inputs(names, ends)
    limits = make_limits(steps, options.tolerance, options.patience)
    with ProgressBar(steps, run.step, label) as bar:
        solution = minimise_path(levels, run, limits, [bar, out.save_checkpoint])
    out.save_state(solution.state)
    return SolvedPath(levels, solution, finish(levels, solution, equal_steps=options.equal_steps))


def continue_path(
    ends: Tensor,
    frames: int,
    metric: Metric,
    options: PathOptions,
    folder: Path,
    *,
    names: Sequence[str] = ("start", "end"),
    label: str,
) -> SolvedPath:
    """Solve one path of many as `solve_path` does, on the device of the options.

    Goes on where an earlier command stopped in ``folder``; Ctrl-C ends all of them.
    """
    solved = solve_path(
        ends.to(options.where),
        frames,
        metric,
        options,
        folder,
        names=names,
        resume=has_checkpoint(folder),
        label=label,
    )
    if solved.interrupted:
        raise KeyboardInterrupt
    return solved


def evaluate_solved(
    solved: SolvedPath, options: PathOptions
) -> tuple[PathComparison, dict[str, Any]]:
    """Evaluate a path on fresh draws, on few of them after Ctrl-C; and as for run.json."""
    draws = _INTERRUPTED_DRAWS if solved.interrupted else options.evaluation_draws
    with draws_bar(solved.problem.metric, draws) as progress:
        comparison = evaluate(solved.problem, solved.frames, draws, options.seed, progress)
    also = judge_also(
        solved.frames, options.also, options.metric, options.device, options.seed, options.chunk
    )
    record = evaluation_record(comparison, also)
    if options.residual_draws and not solved.interrupted:
        record["residuals"], record["baseline"]["residuals"] = _residuals(solved, options)
    return comparison, record


def _residuals(solved: SolvedPath, options: PathOptions) -> list[tuple[float, ...]]:
    """Return the gradients left at the frames of the path and of the cross-fade."""
    start, end = solved.problem.ends
    fade = cross_fade(start, end, times_of(solved.problem.transitions))
    return [
        stationarity_errors(
            solved.problem,
            path,
            draws=options.residual_draws,
            generator=stream(options.seed, "residual"),
        )
        for path in (solved.frames, fade)
    ]


def _read_init(init: str, ends: Tensor) -> Any:
    return init if init in get_args(PathInit) else read_frames(Path(init)).to(ends)
