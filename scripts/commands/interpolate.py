"""``elpips interpolate``: frames between two frames, or between all frames of footage."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, get_args

import tyro

from ...geometry import INTERPOLATION, interpolate
from ...geometry.reference_path import PathInit
from ...media import open_frames, read_image, to_uint8
from ...media.clip import write_clip
from ...media.write import Pixels
from ...metrics import InputError
from ..runs.files import prepare_outdir, remove_earlier, write_json, writes
from ..runs.footage import Smoother, check_same, frame_path, retiming, smooth, source_digest
from ..runs.options import flat, weights_record
from ..runs.path_setup import PathArguments, PathSetup
from ..runs.record import environment
from ..runs.report import REPORT, write_report
from ..runs.results import Results
from ..runs.two_images import compute_path

_SETUP = PathSetup(frames=3, init="flow", solver=INTERPOLATION, outdir=Path("outputs/interpolate"))
_TARGETS = ("video.mp4", "footage.json", "run.json", REPORT, "frames/")
_INTERRUPTED = 130


@dataclass(frozen=True)
class FootageOptions:
    """How footage becomes smoother.

    Attributes
    ----------
    factor
        Frames of the result for each of the source's: 2, 4, 8; --fps states the result's
        rate instead.
    source_fps
        Frames per second of the source, where it states none or plays at another speed.
    sound
        Carry the sound of a video over.
    """

    factor: int = 2
    source_fps: float | None = None
    sound: bool = True


def interpolate_command(
    start: Annotated[Path, tyro.conf.Positional],
    end: Annotated[Path | None, tyro.conf.Positional] = None,
    *,
    footage: Annotated[
        tyro.conf.OmitArgPrefixes[FootageOptions], tyro.conf.arg(name="footage")
    ] = FootageOptions(),
    setup: PathArguments = _SETUP,
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
        footage: What becomes of footage.
        setup: How; --frames is for two images, of which 3 frames are one in between.
    """
    if end is not None:
        return compute_path("interpolate", start, end, setup, solve=interpolate)
    return _smoother(start, footage, setup)


def _smoother(source: Path, footage: FootageOptions, setup: PathSetup) -> int:
    """Write footage with more frames, as pictures and as a video."""
    began = time.perf_counter()
    setup.pictures.check_flat("interpolate of footage")
    setup.solver.check()
    init: PathInit | None = next((each for each in get_args(PathInit) if each == setup.init), None)
    if init is None:
        known = ", ".join(get_args(PathInit))
        raise InputError(f"init: found {setup.init!r}, expected of footage one of {known}")
    with open_frames(source, alpha=setup.pictures.alpha) as stream:
        rates = retiming(stream, footage.factor, setup.animation.fps, footage.source_fps)
        names = writes(_TARGETS, setup.resume)
        folder = prepare_outdir(setup.outdir, names, [source], resume=setup.resume)
        metric, device = setup.metric.create(), setup.metric.where
        rate = rates.source if footage.source_fps is None else None
        identity = {
            "source": source_digest(stream.source),
            "step": str(rates.step),
            "rate": None if rate is None else str(rate),
            "pictures": flat(pictures=setup.pictures),
            "solver": flat(solver=setup.solver),
            "start": setup.init,
            "metric": [metric.name, [each["sha256"] for each in weights_record(metric)]],
        }
        check_same(folder, identity, resume=setup.resume)
        if not setup.resume:
            remove_earlier(folder)
        frames = prepare_outdir(folder / "frames")
        counts, interrupted = smooth(
            stream, frames, rates.step, Smoother(metric, setup.solver, init), setup.pictures,
            device, rate,
        )  # fmt: skip
        has_sound = stream.rate is not None and footage.source_fps is None
    total = counts["written"] + counts["kept"]
    seconds = time.perf_counter() - began
    results = Results(folder)
    if not interrupted:
        sound = source if footage.sound and has_sound else None
        results.write(
            "video.mp4",
            lambda path: write_clip(path, lambda: _read(frames, total), rates.result, sound=sound),
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
    if total:
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


def _read(frames: Path, count: int) -> Iterator[Pixels]:
    for number in range(count):
        yield to_uint8(read_image(frame_path(frames, number)))
