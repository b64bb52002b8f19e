"""Footage in, smoother footage out: interval by interval, so that a run can go on anywhere."""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from ...geometry import GeodesicOptions, geodesic
from ...geometry.cuts import is_cut
from ...geometry.footage import Interval, intervals, moments, placed, transitions
from ...geometry.reference_path import PathInit
from ...media import FrameFormat, FrameStream
from ...media.crop import crop_images, resize_short_side
from ...media.frame_files import frame_name, save_frame
from ...metrics import InputError, Metric
from ...metrics.checks import check_number
from .files import is_of_this_run, plain, read_json
from .options import PictureOptions

logger = logging.getLogger("elpips")

PICTURE_RATE = Fraction(24)
"""Frames per second that a folder of pictures is taken to have been made at."""

IDENTITY = "footage.json"
"""The file that says what a run makes."""

_ENDS = 1 << 20


@dataclass(frozen=True)
class Retiming:
    """How fast footage plays, and the result.

    Attributes
    ----------
    source, result
        Frames per second.
    """

    source: Fraction
    result: Fraction

    @property
    def step(self) -> Fraction:
        """Frame times of the source from one frame of the result to the next."""
        return self.source / self.result


@dataclass(frozen=True)
class Smoother:
    """What makes the frames between two.

    Attributes
    ----------
    metric, options, init
        As of `interpolate`.
    """

    metric: Metric
    options: GeodesicOptions
    init: PathInit = "flow"

    def between(self, start: Tensor, end: Tensor, times: list[Fraction]) -> list[Tensor]:
        """Return the frames (3, H, W) at times in [0, 1); Ctrl-C is raised on."""
        # Whether it is a cut is known by now; `interpolate` would look again.
        found = geodesic(
            start, end, transitions(times) + 1, self.options, metric=self.metric, init=self.init
        )
        if found.solution.interrupted:
            raise KeyboardInterrupt
        return list(found([float(time) for time in times]).cpu())


def retiming(stream: FrameStream, factor: int, rate: float | None, given: float | None) -> Retiming:
    """Return the rates of a source and of its result.

    Parameters
    ----------
    stream
        The source.
    factor
        Frames of the result for each of the source's, where no rate is given.
    rate
        Frames per second of the result.
    given
        Of the source, where it states none or another one shall be taken.

    Raises
    ------
    InputError
        A number is out of range.
    """
    for name, value in (("factor", factor), ("fps", rate), ("source_fps", given)):
        check_number(name, value)
    if given is not None:
        source = _fraction(given)
    else:
        source = stream.rate or _rate_of_pictures(stream)
    return Retiming(source, source * factor if rate is None else _fraction(rate))


def smooth(
    stream: FrameStream,
    frames: Path,
    step: Fraction,
    smoother: Smoother,
    pictures: PictureOptions,
    device: torch.device,
    rate: Fraction | None = None,
    *,
    form: FrameFormat = "png",
    begin: Callable[[], object] = lambda: None,
) -> tuple[Counter[str], bool]:
    """Write the frames of the result to a folder, ``000000.png`` and on.

    Frames that this run has written already are kept: an interrupted one goes on with the pair
    that it was at. A bar shows the frames of the source and the time left. With the ``rate`` of
    the source frames are shown when it states, else for equal times. ``begin`` is called when
    it is known that the source is footage, before the first frame is written.

    Returns
    -------
    counts
        Frames ``"written"`` and ``"kept"``, ``"cuts"``, and intervals that stand ``"still"``.
    interrupted
        Whether Ctrl-C ended it.
    """
    counts: Counter[str] = Counter()
    timed = (
        (None if rate is None else frame.time, _prepared(frame.image, pictures))
        for frame in stream.timed()
    )
    source = placed(timed, rate or Fraction(1))
    even = True
    with tqdm(total=stream.count, desc="frames", disable=None) as bar:
        try:
            for count, interval in enumerate(intervals(source)):
                if not count:
                    begin()
                if even and interval.span.denominator != 1:
                    even = False
                    logger.warning(
                        "%s: its frames are not shown for equal times; the times it states are "
                        "kept (--source-fps takes equal ones)",
                        stream.source,
                    )
                wanted = moments(interval, step)
                paths = [frame_path(frames, number, form) for number, _ in wanted]
                if all(is_of_this_run(path) for path in paths):
                    counts["kept"] += len(paths)
                else:
                    times = [time for _, time in wanted]
                    for path, frame in zip(
                        paths, _frames_of(interval, times, smoother, device, counts), strict=True
                    ):
                        save_frame(path, frame, form)
                    counts["written"] += len(paths)
                bar.update(round(interval.begin + interval.span) + 1 - bar.n)
        except KeyboardInterrupt:
            return counts, True
    return counts, False


def frame_path(frames: Path, number: int, form: FrameFormat = "png") -> Path:
    """Return the file of a frame of the result."""
    return frames / frame_name(number, form, digits=6)


def check_same(folder: Path, identity: dict[str, Any]) -> None:
    """Raise `InputError` unless the run in a folder, by its `IDENTITY`, makes the same.

    It says which options or input differ.
    """
    path = folder / IDENTITY
    if not path.is_file():
        raise InputError(f"{folder}: holds no footage to go on with; leave --resume out")
    known = read_json(path)
    # Runs that did not note it wrote PNGs of 8 bits.
    kept = {"frame_format": "png", **known} if isinstance(known, dict) else {}
    differ = [name for name, value in plain(identity).items() if kept.get(name) != value]
    if differ:
        raise InputError(
            f"{folder}: was made with another {', '.join(differ).replace('_', ' ')}; resume with "
            "the same footage and options, or name another --outdir"
        )


def source_digest(source: Path) -> str:
    """Return what tells footage from other footage: names, sizes, and the ends of a file."""
    digest = hashlib.sha256()
    if source.is_dir():
        for path in sorted(source.iterdir()):
            if path.is_file():
                digest.update(f"{path.name} {path.stat().st_size}\n".encode("utf-8", "replace"))
        return digest.hexdigest()
    size = source.stat().st_size
    digest.update(str(size).encode())
    with source.open("rb") as file:
        digest.update(file.read(_ENDS))
        file.seek(max(0, size - _ENDS))
        digest.update(file.read(_ENDS))
    return digest.hexdigest()


def _frames_of(
    interval: Interval,
    times: list[Fraction],
    smoother: Smoother,
    device: torch.device,
    counts: Counter[str],
) -> list[Tensor]:
    """Return the frames of an interval at times in [0, 1)."""
    if interval.kind != "motion":
        counts["still"] += interval.kind == "still"
        return [interval.start] * len(times)
    if is_cut(interval.start, interval.end):
        counts["cuts"] += 1
        logger.warning(
            "frame %g: cut to another scene; the frame before it is held",
            float(interval.begin + interval.span),
        )
        return [interval.start] * len(times)
    if all(time == 0 for time in times):
        return [interval.start] * len(times)
    start, end = interval.start.to(device), interval.end.to(device)
    return smoother.between(start, end, times)


def _prepared(frame: Tensor, pictures: PictureOptions) -> Tensor:
    if pictures.size is not None:
        frame = resize_short_side(frame, pictures.size)
    return crop_images([frame], pictures.crop or "none")[0]


def _rate_of_pictures(stream: FrameStream) -> Fraction:
    """Return the rate of an animation by its first frame's time, or that of pictures."""
    duration = stream.first.duration
    if duration:
        return 1 / duration
    logger.warning(
        "%s: states no rate; taken as %s frames per second (--source-fps states it)",
        stream.source,
        PICTURE_RATE,
    )
    return PICTURE_RATE


def _fraction(rate: float) -> Fraction:
    """Return a rate as the fraction that is meant: 29.97 is 30000/1001."""
    drop = Fraction(round(rate * 1.001) * 1000, 1001)
    return drop if abs(float(drop) - rate) < 0.005 and rate != round(rate) else Fraction(str(rate))
