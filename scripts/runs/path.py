"""Paths with their files: solved with a checkpoint, saved, judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import tyro
from torch import Tensor
from tyro.conf import OmitArgPrefixes

from ...geometry import (
    DEFAULT_FRAMES,
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
    AnimationOptions,
    FrameFormat,
    read_frames,
    save_animation,
    save_filmstrip,
    save_flow,
    save_frames,
    save_scanlines,
    timeline,
    write_figure,
)
from ...media.preview import PREVIEW, preview
from ...metrics import InputError, Metric, available_metrics
from ...optim import Callback
from .files import prepare_outdir, writes
from .folder import RunFolder
from .options import (
    GeodesicArguments,
    MetricOptions,
    PictureOptions,
    Pictures,
    TheMetric,
    alpha_of,
)
from .path_report import evaluation_record, judge_also
from .plots import plot_motion, plot_path
from .results import Results
from .seams import seams_record

Animation = Literal["gif", "mp4", "webm", "webp", "apng"]
"""Endings of the names of animations."""


@dataclass(frozen=True)
class ShowOptions(AnimationOptions):
    """How a path is shown.

    Attributes
    ----------
    rows
        Rows of pixels for the scanline plot; chosen by what moves if not given.
    animations
        Which are written: gif, mp4, webm, webp, apng.
    frame_format
        Frames as PNG of 8 or of 16 bits (png16), TIFF of 16, or OpenEXR of floats.
    """

    rows: tuple[int, ...] | None = None
    animations: tuple[Animation, ...] = ("gif", "mp4")
    frame_format: FrameFormat = "png"

    def check(self, height: int) -> None:
        """Raise `InputError` for times and rows that cannot be shown, before the work begins."""
        timeline(2, self)
        for row in self.rows or ():
            if not 0 <= row < height:
                raise InputError(f"rows: found {row}, expected 0 to {height - 1}")


@dataclass(frozen=True)
class JudgeOptions:
    """How a path is judged beside the measures under its own metric.

    Attributes
    ----------
    also
        A second metric to judge the path under, or none.
    residual_draws
        Draws for the gradient that is left at each frame; 0 leaves it out.
    """

    also: str = "lpips_alex"
    residual_draws: int = 4

    def check(self) -> None:
        """Raise `InputError` for what cannot be judged, before the work begins."""
        if self.also not in ("none", *available_metrics()):
            known = ", ".join(available_metrics())
            raise InputError(f"also: found {self.also!r}, expected none or one of {known}")
        if self.residual_draws < 0 or self.residual_draws == 1:
            raise InputError(f"residual draws: found {self.residual_draws}, expected 0 or >= 2")


ShowArguments = Annotated[OmitArgPrefixes[ShowOptions], tyro.conf.arg(name="animation")]
JudgeArguments = Annotated[OmitArgPrefixes[JudgeOptions], tyro.conf.arg(name="judgement")]


@dataclass(frozen=True)
class PathSetup:
    """All that a command that computes paths is given but the images.

    Attributes
    ----------
    frames
        Frames of a path, both ends counted.
    init
        Start from crisp (a cross-fade that keeps local contrast), blend (the plain one),
        nearest (the nearer end), noise, texture (noise with the ends' local contrast), flow
        (both ends moved along their optical flow), objects (both moved so that objects meet),
        or a folder or animation of frames. If not given, crisp or, with --motion, objects.
    pictures
        How images are read.
    metric
        Which distance.
    solver
        How paths are computed.
    judgement
        How they are judged.
    animation
        How they are shown.
    outdir
        Folder for everything the run writes.
    preview
        Keep a strip of the frames so far in preview.png while a path is computed.
    resume
        Go on from the checkpoint in OUTDIR.
    """

    frames: int = DEFAULT_FRAMES
    init: str | None = None
    pictures: Pictures = PictureOptions()
    metric: TheMetric = MetricOptions()
    solver: GeodesicArguments = GeodesicOptions()
    judgement: JudgeArguments = JudgeOptions()
    animation: ShowArguments = ShowOptions()
    outdir: Path = Path("outputs/geodesic")
    preview: bool = False
    resume: bool = False

    def previews(self, folder: Path, ends: Tensor) -> list[Callback]:
        """Return the callbacks that show a path between ends (2, 3, H, W) while it is computed."""
        return [preview(folder / PREVIEW, ends[:1], ends[1:])] if self.preview else []

    def prepare(self, paths: Sequence[Path], targets: Sequence[str]) -> Path:
        """Check and make the output folder for the targets, and return it."""
        started_from = [] if self.init in (None, *get_args(PathInit)) else [str(self.init)]
        names = writes(targets, self.resume)
        return prepare_outdir(self.outdir, names, [*paths, *started_from], resume=self.resume)

    def read(self, paths: Sequence[Path]) -> Tensor:
        """Check the options, and read image files (N, 3 or 4, H, W) onto the device."""
        self.solver.check()
        self.judgement.check()
        images = self.pictures.read(paths, keep=True).to(self.metric.where)
        self.animation.check(images.shape[-2])
        return images


PathArguments = OmitArgPrefixes[PathSetup]

FILES = (
    "frames",
    *(f"animation{ending}" for ending in ANIMATIONS),
    "filmstrip.png",
    "scanline.png",
)
"""What `save_path` may write."""

MOTION = ("flow", "motion.png")
"""What `save_motion` writes."""


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
