"""All that a command which computes paths is given: how they are solved, judged and shown."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, get_args

import tyro
from torch import Tensor
from tyro.conf import OmitArgPrefixes

from ...geometry import DEFAULT_FRAMES, GeodesicOptions
from ...geometry.reference_path import PathInit
from ...media import AnimationOptions, FrameFormat, timeline
from ...media.folder import frames_folder
from ...media.preview import PREVIEW, preview
from ...metrics import InputError, available_metrics
from ...optim import Callback
from .files import prepare_outdir, writes
from .options import GeodesicArguments, MetricOptions, PictureOptions, Pictures, TheMetric

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
        """Check and make the output folder for the targets, and return it.

        Raises
        ------
        InputError
            It cannot be written to, or would be over what is read: paths, or where a path starts.
        """
        started_from = [] if self.init in (None, *get_args(PathInit)) else [Path(str(self.init))]
        read = [*paths, *started_from]
        # The folder of a run stands for its frames.
        read += [frames_folder(each) for each in read]
        here = os.path.realpath(self.outdir)
        if within := next((each for each in read if os.path.realpath(each) == here), None):
            raise InputError(f"{within}: is where the results would go; name another --outdir")
        return prepare_outdir(self.outdir, writes(targets, self.resume), read, resume=self.resume)

    def read(self, paths: Sequence[Path]) -> Tensor:
        """Check the options, and read image files (N, 3 or 4, H, W) onto the device."""
        self.solver.check()
        self.judgement.check()
        images = self.pictures.read(paths, keep=True).to(self.metric.where)
        self.animation.check(images.shape[-2])
        return images


PathArguments = OmitArgPrefixes[PathSetup]
