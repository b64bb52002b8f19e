"""The files of a path: frames, animations, strips, plots, and whose checkpoint it is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro
from torch import Tensor
from tyro.conf import OmitArgPrefixes

from ...geometry.geodesic_problem import GeodesicProblem
from ...geometry.multilevel import Level
from ...geometry.path_evaluation import PathComparison
from ...geometry.reference_path import cross_fade
from ...geometry.sine_modes import times_of
from ...media.animation import save_gif, save_mp4, timeline
from ...media.filmstrip import save_filmstrip
from ...media.scanline import save_scanlines
from ...media.write import save_image
from ...metrics import InputError
from ...optim import RunState
from .files import prepare_outdir
from .folder import RunFolder, digest, metric_identity
from .plots import plot_steps


@dataclass(frozen=True)
class AnimationOptions:
    """How frames become animations and slices.

    Attributes
    ----------
    duration
        Milliseconds per frame.
    hold
        Milliseconds for which the far end is shown.
    boomerang
        Play forth and back.
    faithful
        Keep the MP4's colours exactly, for players that can (4:4:4).
    rows
        Rows of pixels for the scanline plot; chosen by what moves if not given.
    """

    duration: int = 200
    hold: int = 400
    boomerang: bool = True
    faithful: bool = False
    rows: tuple[int, ...] | None = None


AnimationArguments = Annotated[OmitArgPrefixes[AnimationOptions], tyro.conf.arg(name="animation")]
"""The options of animations as arguments of a command."""

FILES = ("frames", "animation.gif", "animation.mp4", "filmstrip.png", "scanline.png")
"""What `save_path` writes."""


def check_animation(options: AnimationOptions, height: int) -> None:
    """Raise `InputError` for times and rows that cannot be shown, before the work begins."""
    timeline(2, duration=options.duration, hold=options.hold)
    for row in options.rows or ():
        if not 0 <= row < height:
            raise InputError(f"rows: found {row}, expected 0 to {height - 1}")


def save_path(folder: Path, frames: Tensor, options: AnimationOptions) -> None:
    """Save frames (N + 1, 3, H, W) as PNGs, animations, filmstrip and slices."""
    save_frames(folder / "frames", frames)
    save_animations(folder, frames, options)
    fade = cross_fade(frames[0], frames[-1], times_of(len(frames) - 1))
    save_filmstrip(folder / "filmstrip.png", [("geodesic", frames), ("cross-fade", fade)])
    save_scanlines(folder / "scanline.png", frames, options.rows, baseline=fade)


def save_animations(folder: Path, frames: Tensor, options: AnimationOptions) -> None:
    """Save frames (N, 3, H, W) as ``animation.gif`` and ``animation.mp4``."""
    duration, hold, boomerang = options.duration, options.hold, options.boomerang
    save_gif(folder / "animation.gif", frames, duration=duration, hold=hold, boomerang=boomerang)
    save_mp4(
        folder / "animation.mp4",
        frames,
        duration=duration,
        hold=hold,
        boomerang=boomerang,
        faithful=options.faithful,
    )


def save_frames(folder: Path, frames: Tensor) -> None:
    """Save ``0000.png``, ``0001.png``, ... and remove what a longer path left there."""
    prepare_outdir(folder)
    for index, frame in enumerate(frames):
        save_image(folder / f"{index:04d}.png", frame)
    for path in folder.iterdir():
        if re.fullmatch(r"\d{4,}\.png", path.name) and int(path.stem) >= len(frames):
            path.unlink()


def save_steps(
    folder: Path, comparison: PathComparison, run: RunState, finest_from: int, power: int
) -> None:
    """Plot step sizes along the path, and the finest level's energy over optimiser steps."""
    path, baseline = comparison.path, comparison.baseline
    # A level ends and the next begins at one step; the later entry is the finer level's.
    energies = {step: value for step, value in run.evaluations if step >= finest_from}
    plot_steps(
        folder / "steps.png",
        path.steps,
        baseline.steps,
        list(energies.items()),
        energy=path.energy,
        baseline_energy=baseline.energy,
        chord=path.chord,
        lower_bound=path.chord ** (2 * power),
    )


def path_identity(
    problem: GeodesicProblem, levels: Sequence[Level], init: str
) -> Mapping[str, Any]:
    """Return what must agree for a checkpoint to be resumed."""
    return {
        "images": digest(problem.ends),
        "start": digest(problem.initial),
        "init": init,
        "frames": problem.transitions + 1,
        **metric_identity(problem),
        "power": problem.power,
        "draws": problem.draws,
        "pixel weight": problem.pixel_weight,
        "levels": [[level.problem.transitions, *level.problem.size] for level in levels],
        "level steps": [level.last_step for level in levels],
        "solver": str([(level.solver.fraction, level.solver.decay) for level in levels]),
        "seed": problem.seed,
    }


@dataclass(frozen=True)
class GeodesicFolder(RunFolder):
    """The folder of one path."""

    def save_inputs(self, names: Sequence[str], ends: Tensor) -> None:
        """Save the ends as used."""
        inputs = prepare_outdir(self.folder / "inputs")
        for index, (name, image) in enumerate(zip(names, ends, strict=True)):
            save_image(inputs / f"{index:02d}_{name}.png", image)
