"""``elpips interpolate``: frames between two frames, or between all frames of footage."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, get_args

import tyro

from ...geometry import interpolate
from ...geometry.reference_path import PathInit
from ...media import FrameFormat, open_frames, read_image, to_uint8
from ...media.clip import write_clip
from ...media.write import Pixels
from ...metrics import InputError
from ..runs.files import prepare_outdir, write_json
from ..runs.footage import (
    IDENTITY,
    Smoother,
    check_same,
    frame_path,
    retiming,
    smooth,
    source_digest,
)
from ..runs.footage_options import INTERPOLATE, FootageOptions, check_used, frames_between
from ..runs.options import flat, weights_record
from ..runs.path_setup import PathArguments, PathSetup
from ..runs.record import environment
from ..runs.report import REPORT, write_report
from ..runs.results import Results
from ..runs.two_images import Besides, compute_path

_TARGETS = ("video.mp4", IDENTITY, "run.json", REPORT, "frames/")
_INTERRUPTED = 130


def interpolate_command(
    start: Annotated[Path, tyro.conf.Positional],
    end: Annotated[Path | None, tyro.conf.Positional] = None,
    *,
    footage: Annotated[
        tyro.conf.OmitArgPrefixes[FootageOptions], tyro.conf.arg(name="footage")
    ] = FootageOptions(),
    setup: PathArguments = INTERPOLATE,
) -> int:
    """Compute frames between two frames of real footage, or between all frames of a clip.

    Of two images: the frames between, at equal times, or of two scenes the nearer image. Of one
    folder, animation or video: two, four, ... times as many frames, or --fps of them a second,
    and a video with its sound. Scene cuts are found, and the frame before them held; single
    repeated frames are bridged, longer ones stand still. Memory does not grow with length, and
    --resume goes on after any end.

    The path starts from both frames warped along their optical flow, which finds motions
    that the metric alone cannot (beyond about 4 pixels). --init crisp is the pure geodesic.

    Args:
        start: An image file, or footage: a folder of pictures, an animation or a video.
        end: An image file of the same size (see --size and --crop); none for footage.
        footage: What becomes of footage; --factor is for two images, too.
        setup: How; --frames is for two images, of which 3 frames are one in between, and so are
            most that say how a path is judged and shown.
    """
    check_used("footage" if end is None else "two pictures", footage, setup)
    if end is None:
        return _smoother(start, footage, setup)
    arguments = {"start": start, "end": end, "footage": footage, "setup": setup}
    between = replace(setup, frames=frames_between(footage, setup))
    return compute_path(
        "interpolate", start, end, between, besides=Besides(arguments), solve=interpolate
    )


def _smoother(source: Path, footage: FootageOptions, setup: PathSetup) -> int:
    """Write footage with more frames, as pictures and as a video."""
    began = time.perf_counter()
    setup.pictures.check_flat("interpolate of footage")
    setup.solver.check()
    init: PathInit | None = next((each for each in get_args(PathInit) if each == setup.init), None)
    if init is None:
        known = ", ".join(get_args(PathInit))
        raise InputError(f"init: found {setup.init!r}, expected of footage one of {known}")
    form = setup.animation.frame_format
    with open_frames(source, alpha=setup.pictures.alpha) as stream:
        rates = retiming(stream, footage.factor, setup.animation.fps, footage.source_fps)
        folder = setup.prepare([source], _TARGETS)
        metric, device = setup.metric.create(), setup.metric.where
        rate = rates.source if footage.source_fps is None else None
        identity = {
            "source": source_digest(stream.source),
            "step": str(rates.step),
            "rate": None if rate is None else str(rate),
            "pictures": flat(pictures=setup.pictures),
            "solver": flat(solver=setup.solver),
            "start": setup.init,
            "frame_format": form,
            "metric": [metric.name, [each["sha256"] for each in weights_record(metric)]],
        }
        if setup.resume:
            check_same(folder, identity)
        frames = prepare_outdir(folder / "frames")
        counts, interrupted = smooth(
            stream, frames, rates.step, Smoother(metric, setup.solver, init), setup.pictures,
            device, rate, form=form, begin=lambda: write_json(folder / IDENTITY, identity),
        )  # fmt: skip
        has_sound = stream.rate is not None and footage.source_fps is None
    total = counts["written"] + counts["kept"]
    if not total:
        print("interrupted before there was a frame")
        return _INTERRUPTED
    seconds = time.perf_counter() - began
    results = Results(folder)
    if not interrupted:
        read = partial(_read, frames, total, form)
        sound = source if footage.sound and has_sound else None
        results.write(
            "video.mp4",
            lambda path: write_clip(path, read, rates.result, sound=sound),
        )
    record = {
        "command": "interpolate",
        "arguments": flat(start=source, footage=footage, setup=setup),
        "source_rate": float(rates.source),
        "rate": float(rates.result),
        "frames": total,
        "interrupted": interrupted,
        **counts,
        "seconds": seconds,
        "environment": environment(device),
        "weights": weights_record(metric),
    }
    results.write("run.json", lambda path: write_json(path, record))
    results.remove_earlier()
    # Of what is there now, and of nothing from before.
    results.write(REPORT, lambda path: write_report(path, [folder]))
    print(
        f"{total} frames at {float(rates.result):g} per second: {counts['written']} written, "
        f"{counts['kept']} kept, {counts['cuts']} cuts, {counts['still']} stills, "
        f"{seconds:.0f} s ({counts['written'] / seconds:.2g} frames a second)"
    )
    if interrupted:
        print("interrupted; --resume goes on from here")
    for path in (frames, *results.paths(("video.mp4", "run.json", REPORT))):
        print(path)
    return _INTERRUPTED if interrupted else int(bool(results.lost))


def _read(frames: Path, count: int, form: FrameFormat) -> Iterator[Pixels]:
    for number in range(count):
        yield to_uint8(read_image(frame_path(frames, number, form)))
