"""``elpips geodesic`` and ``elpips interpolate``: paths of images between two images."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import tyro

from ...geometry.geodesic import geodesic
from ...media.colour import Alpha
from ...media.crop import Crop
from ...media.read import read_images
from ...metrics.base import image_size
from ..runs.files import plain, prepare_outdir, write_json
from ..runs.folder import exit_code, run_record
from ..runs.options import default_of
from ..runs.path import (
    FILES,
    AnimationArguments,
    AnimationOptions,
    check_animation,
    save_path,
    save_steps,
)
from ..runs.path_report import report_path
from ..runs.path_run import PathArguments, PathOptions, check_options, evaluate_solved, solve_path

INTERPOLATION = PathOptions(init="flow", step_size=0.05)
"""The defaults of ``elpips interpolate``."""

_Image = Annotated[Path, tyro.conf.Positional]


def geodesic_command(
    start: _Image,
    end: _Image,
    *,
    frames: int = default_of(geodesic, "frames"),
    size: int | None = None,
    crop: Crop | None = default_of(read_images, "crop"),
    alpha: Alpha = default_of(read_images, "alpha"),
    options: PathArguments = PathOptions(),  # noqa: B008 (frozen)
    animation: AnimationArguments = AnimationOptions(),  # noqa: B008 (frozen)
    outdir: Path = Path("outputs/geodesic"),
    resume: bool = False,
) -> int:
    """Compute the shortest path of images from START to END, and animate it.

    Args:
        start: An image file.
        end: An image file of the same size (see --size and --crop).
        frames: Frames of the path, both ends counted.
        size: Scale the short sides to this many pixels (and crop to squares).
        crop: Keep the middle: none, center (the common size) or square.
        alpha: Composite transparency on white, ignore it, or auto: ignore it if all
            pixels are nearly opaque.
        options: How the path is computed.
        animation: How it is animated.
        outdir: Folder for everything the run writes.
        resume: Go on from the checkpoint in OUTDIR.
    """
    return _run_pair("geodesic", locals())


def interpolate_command(
    start: _Image,
    end: _Image,
    *,
    frames: int = 3,
    size: int | None = None,
    crop: Crop | None = default_of(read_images, "crop"),
    alpha: Alpha = default_of(read_images, "alpha"),
    options: PathArguments = INTERPOLATION,
    animation: AnimationArguments = AnimationOptions(),  # noqa: B008 (frozen)
    outdir: Path = Path("outputs/interpolate"),
    resume: bool = False,
) -> int:
    """Compute frames between two frames of real footage, at equal times.

    The path starts from both frames warped along their optical flow, which finds motions
    that the metric alone cannot (beyond about 4 pixels). --init blend is the pure geodesic.

    Args:
        start: An image file.
        end: An image file of the same size (see --size and --crop).
        frames: Frames of the result, both ends counted: 3 gives one frame in between.
        size: Scale the short sides to this many pixels (and crop to squares).
        crop: Keep the middle: none, center (the common size) or square.
        alpha: Composite transparency on white, ignore it, or auto: ignore it if all
            pixels are nearly opaque.
        options: How the path is computed.
        animation: How it is animated.
        outdir: Folder for everything the run writes.
        resume: Go on from the checkpoint in OUTDIR.
    """
    return _run_pair("interpolate", locals())


def _run_pair(command: str, given: Mapping[str, Any]) -> int:
    """Run a command on its arguments by name."""
    options: PathOptions = given["options"]
    began = time.perf_counter()
    check_options(options)
    folder = prepare_outdir(given["outdir"])
    paths = [given["start"], given["end"]]
    where = options.where
    pictures = read_images(paths, size=given["size"], crop=given["crop"], alpha=given["alpha"])
    check_animation(given["animation"], pictures.shape[-2])
    solved = solve_path(
        pictures.to(where),
        given["frames"],
        options.make_metric(),
        options,
        folder,
        names=[path.stem for path in paths],
        resume=given["resume"],
        label=command,
    )
    arguments = {**plain(given), "seed": options.seed}
    record = run_record(
        command, arguments, solved.problem, image_size(pictures), where, solved.solution
    )
    write_json(folder / "run.json", record)
    save_path(folder, solved.frames.cpu(), given["animation"])
    comparison, record["evaluation"] = evaluate_solved(solved, options)
    record["seconds"]["total"] = time.perf_counter() - began
    write_json(folder / "run.json", record)
    save_steps(folder, comparison, solved.solution.state, solved.finest_from, solved.problem.power)
    print(report_path(record["evaluation"], solved=True))
    state = solved.solution.state
    print(f"{solved.solution.result.value} (step {state.step}, {state.seconds:.0f} s)")
    for name in (*FILES, "steps.png", "run.json"):
        print(folder / name)
    return exit_code(solved.solution.result)
