"""Paths with their files: solved with a checkpoint, saved, judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args

from torch import Tensor

from ...geometry import (
    Geodesic,
    GeodesicOptions,
    geodesic,
    moving_energy,
    stationarity_errors,
)
from ...geometry.reference_path import PathInit, cross_fade
from ...geometry.sine_modes import times_of
from ...media import (
    ANIMATIONS,
    read_frames,
    save_animation,
    save_filmstrip,
    save_flow,
    save_frames,
    save_scanlines,
    write_figure,
)
from ...metrics import Metric
from ...optim import Callback
from .files import prepare_outdir
from .folder import RunFolder
from .options import alpha_of
from .path_report import evaluation_record, judge_also
from .path_setup import JudgeOptions, ShowOptions
from .plots import plot_motion, plot_path
from .results import Results
from .seams import seams_record

FILES = (
    "frames",
    *(f"animation{ending}" for ending in ANIMATIONS),
    "filmstrip.png",
    "scanline.png",
)
"""What `save_path` may write."""

MOTION = ("flow", "motion.png")
"""What `save_motion` writes."""


RENEWED = (*FILES[1:], *MOTION[1:], "frames/", "flow/")
"""What a path's run writes whenever it ends, as targets."""


def read_init(init: str | None, images: Tensor) -> Any:
    """Return the name of a start, or the frames in the folder or animation of that name."""
    if init is None or init in get_args(PathInit):
        return init
    return read_frames(Path(init), alpha=alpha_of(images)).to(images)


def solve_in(
    folder: Path,
    ends: Tensor,
    frames: int,
    options: GeodesicOptions,
    *,
    metric: Metric,
    init: str | None,
    mask: Tensor | None = None,
    label: str,
    names: Sequence[str] = ("start", "end"),
    resume: bool | None = None,
    results: Results | None = None,
    callbacks: Sequence[Callback] = (),
    solve: Callable[..., Geodesic] = geodesic,
) -> Geodesic:
    """Compute the path of ``frames`` frames between ``ends`` (2, 3, H, W), as ``solve`` does.

    Keeps inputs and checkpoint in ``folder``; goes on from that with ``resume`` (None: if
    there is one). ``results`` learns whether the last checkpoint was written.
    """
    run = RunFolder(folder)
    found = solve(
        *ends,
        frames,
        options,
        metric=metric,
        init=read_init(init, ends),
        mask=mask,
        run=run.begin(names, ends, resume=resume),
        callbacks=[run.callback(), *callbacks],
        progress=label,
    )
    results = results or Results(folder)
    results.write(run.checkpoint.name, lambda _: run.save(found.solution.state))
    return found


def solve_or_stop(folder: Path, *arguments: Any, **options: Any) -> Geodesic:
    """Solve one path of many as `solve_in` does; Ctrl-C ends all of them."""
    found = solve_in(folder, *arguments, **options)
    if found.solution.interrupted:
        raise KeyboardInterrupt
    return found


def save_path(results: Results, frames: Tensor, options: ShowOptions) -> None:
    """Save frames (N + 1, 3, H, W) as PNGs, animations, filmstrip and slices."""
    frames = frames.cpu()
    results.write("frames", lambda path: save_frames(path, frames, options.frame_format))
    save_animations(results, frames, options)
    fade = cross_fade(frames[0], frames[-1], times_of(len(frames) - 1))
    strips = [("geodesic", frames), ("cross-fade", fade)]
    results.write("filmstrip.png", lambda path: save_filmstrip(path, strips))
    results.write(
        "scanline.png", lambda path: save_scanlines(path, frames, options.rows, baseline=fade)
    )


def save_animations(results: Results, frames: Tensor, options: ShowOptions) -> None:
    """Save frames (N + 1, 3, H, W) on the CPU as animations."""
    for kind in options.animations:
        results.write(f"animation.{kind}", lambda path: save_animation(path, frames, options))


def save_motion(results: Results, found: Geodesic) -> None:
    """Save the motion of each transition as ``flow/0000.flo``, ... and a plot.

    Nothing where nothing is meant to move.
    """
    if (displacements := found.displacements) is None:
        return
    whole = len(displacements) * displacements[len(displacements) // 2].cpu()
    ends = found.frames[[0, -1]].cpu()

    def save_flows(path: Path) -> None:
        flows = prepare_outdir(path)
        for index, displacement in enumerate(displacements):
            save_flow(flows / f"{index:04d}.flo", displacement)

    results.write("flow", save_flows)
    results.write("motion.png", lambda path: write_figure(path, plot_motion(ends, whole)))


def save_steps(path: Path, found: Geodesic) -> None:
    """Save the plot of a path."""
    write_figure(path, plot_path(found))


def judge(found: Geodesic, options: JudgeOptions) -> dict[str, Any]:
    """Return the ``evaluation`` of run.json; after Ctrl-C on few draws, and in less depth."""
    metric, frames, seed = found.problem.metric, found.frames, found.options.seed
    also = judge_also(frames, options.also, metric.name, seed, found.options.chunk)
    record = evaluation_record(found.evaluation, also) | seams_record(frames, metric.tile)
    if (displacements := found.displacements) is not None:
        draws = found.evaluation.path.draws
        moving = moving_energy(metric, frames, displacements, draws=draws, seed=seed)
        record["moving"] = asdict(moving)
    if options.residual_draws and not found.solution.interrupted:
        fade = cross_fade(frames[0], frames[-1], times_of(len(frames) - 1))
        record["residuals"], record["baseline"]["residuals"] = (
            stationarity_errors(found.problem, path, draws=options.residual_draws, seed=seed)
            for path in (frames, fade)
        )
    return record
