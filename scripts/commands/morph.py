"""``elpips morph``: a chain of geodesics through key images."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import torch
import tyro
from torch import Tensor

from ...geometry.geodesic import geodesic
from ...geometry.reparametrise import step_sizes
from ...media.colour import Alpha
from ...media.crop import Crop
from ...media.read import read_images
from ...metrics import InputError, Metric
from ...metrics.base import image_size
from ...metrics.seeds import stream
from ..runs.files import plain, prepare_outdir, print_notice, write_json
from ..runs.folder import exit_code, has_checkpoint, run_record
from ..runs.options import default_of
from ..runs.path import FILES, AnimationArguments, AnimationOptions, check_animation, save_path
from ..runs.path_run import (
    PathArguments,
    PathOptions,
    SolvedPath,
    check_options,
    evaluate_solved,
    solve_path,
)

_CHORD_DRAWS = 8
_LEAST_TRANSITIONS = 2


def morph_command(
    images: Annotated[tuple[Path, ...], tyro.conf.Positional],
    *,
    loop: bool = False,
    frames: int = default_of(geodesic, "frames"),
    size: int | None = None,
    crop: Crop | None = default_of(read_images, "crop"),
    alpha: Alpha = default_of(read_images, "alpha"),
    options: PathArguments = PathOptions(),  # noqa: B008 (frozen)
    animation: AnimationArguments = AnimationOptions(),  # noqa: B008 (frozen)
    outdir: Path = Path("outputs/morph"),
    resume: bool = False,
) -> int:
    """Morph through key IMAGES: one animation of the geodesics from each to the next.

    Frames are shared out by perceptual distance, so that the morph goes at one speed.

    Args:
        images: Two or more image files of one size (see --size and --crop).
        loop: Go on from the last image to the first, and play in a circle.
        frames: Frames per pair on average, both ends counted.
        size: Scale the short sides to this many pixels (and crop to squares).
        crop: Keep the middle: none, center (the common size) or square.
        alpha: Composite transparency on white, ignore it, or auto: ignore it if all
            pixels are nearly opaque.
        options: How the paths are computed.
        animation: How they are animated.
        outdir: Folder for everything the run writes.
        resume: Go on from the checkpoints in OUTDIR.
    """
    arguments = {**plain(locals()), "seed": options.seed}
    began = time.perf_counter()
    if len(images) < 2:
        raise InputError(f"found {len(images)} images, expected two or more")
    if frames < 3:
        raise InputError(f"frames: found {frames}, expected at least 3")
    check_options(options)
    folder = prepare_outdir(outdir)
    keys = read_images(images, size=size, crop=crop, alpha=alpha).to(options.where)
    check_animation(animation, keys.shape[-2])
    names = [path.stem for path in images]
    if loop:
        keys, names = torch.cat([keys, keys[:1]]), [*names, names[0]]
    metric = options.make_metric()
    counts = share_out(chords(keys, metric, options.seed), (frames - 1) * (len(keys) - 1))
    segments: list[SolvedPath] = []
    for index, ((first, second), count) in enumerate(zip(pairwise(names), counts, strict=True)):
        part = prepare_outdir(folder / "segments" / f"{index:02d}")
        solved = solve_path(
            keys[index : index + 2],
            count + 1,
            metric,
            options,
            part,
            names=[first, second],
            resume=resume and has_checkpoint(part),
            label=f"{first} to {second} ({index + 1} of {len(counts)})",
        )
        segments.append(solved)
        if solved.interrupted:
            print_notice(f"stopped in pair {index + 1} of {len(counts)}; --resume goes on")
            break

    path = join_segments([each.frames for each in segments])
    complete = len(segments) == len(counts)
    closed = loop and complete
    shown = replace(animation, boomerang=animation.boomerang and not closed)
    # In a circle, the first image would come twice.
    save_path(folder, (path[:-1] if closed else path).cpu(), shown)
    last = segments[-1]
    record = run_record(
        "morph", arguments, last.problem, image_size(keys), options.where, last.solution
    )
    parts = [evaluate_solved(each, options)[1] for each in segments]
    record["seconds"] = {"total": time.perf_counter() - began}
    record["evaluation"] = {
        "segments": parts,
        "transitions": counts,
        "uniformity_cv": _variation([step for part in parts for step in part["steps"]]),
        "baseline": {
            "uniformity_cv": _variation(
                [step for part in parts for step in part["baseline"]["steps"]]
            )
        },
    }
    write_json(folder / "run.json", record)
    print(_report(names, counts, record["evaluation"]))
    for name in (*FILES, "run.json"):
        print(folder / name)
    return exit_code(last.solution.result)


def chords(keys: Tensor, metric: Metric, seed: int) -> list[float]:
    """Return the perceptual distances sqrt(D) of neighbours among keys (K, 3, H, W)."""
    count = _CHORD_DRAWS if metric.stochastic else 1
    draws = list(metric.draws(image_size(keys), count, stream(seed, "held_out")))
    return step_sizes(keys, metric, draws).tolist()


def share_out(lengths: Sequence[float], total: int) -> list[int]:
    """Divide ``total`` transitions among pairs in proportion to their lengths.

    Each pair gets at least two; what rounding leaves goes where steps would be largest.
    """
    whole = sum(lengths)
    if whole <= 0:
        return [total // len(lengths)] * len(lengths)
    counts = [max(_LEAST_TRANSITIONS, int(total * length / whole)) for length in lengths]
    while sum(counts) < total:
        widest = max(range(len(counts)), key=lambda index: lengths[index] / counts[index])
        counts[widest] += 1
    return counts


def join_segments(segments: Sequence[Tensor]) -> Tensor:
    """Join paths that share their ends, each shared image once."""
    return torch.cat([segments[0], *(segment[1:] for segment in segments[1:])])


def _variation(steps: Sequence[float]) -> float:
    values = torch.tensor(steps, dtype=torch.float64)
    return float(values.std(unbiased=False) / values.mean())


def _report(names: Sequence[str], counts: Sequence[int], evaluation: dict[str, Any]) -> str:
    lines = [f"{'pair':<32}{'steps':>6}{'energy':>10}{'fade':>10}{'excess':>9}{'detail':>8}"]
    for pair, count, part in zip(pairwise(names), counts, evaluation["segments"], strict=False):
        lines.append(
            f"{' to '.join(pair)[:31]:<32}{count:>6}{part['energy']:>10.4f}"
            f"{part['baseline']['energy']:>10.4f}{max(part['excess'], 0):>9.1%}"
            f"{part['high_band_ratio']:>8.2f}"
        )
    lines.append(
        f"variation of all steps {evaluation['uniformity_cv']:.3f} "
        f"(cross-fades {evaluation['baseline']['uniformity_cv']:.3f})"
    )
    return "\n".join(lines)
