"""``elpips benchmark geodesics``: paths between many pairs, beside cross-fade and published.

Every path of a pair is judged on the same draws, which nothing was optimised on.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ...geometry import GeodesicOptions
from ...geometry.path_evaluation import evaluate_path
from ...media import save_frames
from ...media.crop import center_crop
from ...media.filmstrip import save_filmstrip
from ...media.frames import read_frames
from ...media.read import read_images
from ...media.samples import read_squares
from ...metrics import InputError, Metric
from ..runs.files import prepare_outdir, write_json
from ..runs.options import GeodesicArguments, MetricOptions, TheMetric, weights_record
from ..runs.path import solve_or_stop
from ..runs.record import environment

PAIRS = (
    ("brick_left", "gravel_left"),
    ("astronaut_face", "hopper_face"),
    ("tissue_left", "tissue_right"),
    ("grass", "gravel"),
    ("wood", "fur"),
    ("gravel_left", "gravel_right"),
    ("brick_right", "grass"),
    ("stars_left", "stars_right"),
    ("chelsea", "coffee"),
)
"""Textures of structure and of objects, regular and stochastic; faces; two photographs."""

_COLUMNS = {
    "PPL": "normalized_ppl",
    "end step": "end_step_ratio",
    "contrast": "mid_contrast",
    "detail": "high_band_ratio",
    "overlay": "overlay",
    "motion": "motion",
    "excess": "excess",
}


def benchmark_geodesics_command(
    *,
    clip: tuple[Path, ...] = (),
    pair: tuple[tuple[Path, Path], ...] = (),
    samples: int = len(PAIRS),
    size: int = 128,
    frames: int = 10,
    init: str | None = None,
    metric: TheMetric = MetricOptions(),
    solver: GeodesicArguments = GeodesicOptions(),
    outdir: Path = Path("outputs/benchmark_geodesics"),
) -> int:
    """Compute geodesics of pairs and measure them beside the cross-fade.

    Args:
        clip: Animations published by the E-LPIPS authors: of the left of three panels, the
            first and last frames are the ends, and the published frames a row of their own.
        pair: Further pairs of image files.
        samples: How many of the pairs of images that come along to include.
        size: Side in pixels: clips are cropped to it, other images scaled and cropped.
        frames: Frames of the paths, both ends counted.
        init: Where to start, as for `elpips geodesic`.
        metric: Which distance.
        solver: How the paths are computed.
        outdir: Folder for frames, filmstrips and benchmark.json; pairs already solved in
            it are read, an interrupted one goes on.
    """
    solver.check()
    folder = prepare_outdir(outdir, ["benchmark.json"])
    judge = metric.create()
    rows: list[dict[str, Any]] = []
    print(f"{'pair':<28}{'path':<12}" + "".join(f"{title:>10}" for title in _COLUMNS), flush=True)
    for name, ends, published in _cases(clip, pair, samples, size, frames):
        part = prepare_outdir(folder / name)
        solved = solve_or_stop(
            part, ends.to(metric.where), frames, solver, metric=judge, init=init, label=name
        )
        save_frames(part / "frames", solved.frames)
        paths = {"geodesic": solved.frames.cpu()}
        if published is not None:
            paths["published"] = published
        seconds = solved.solution.state.seconds
        rows += _judged(name, paths, judge, solver, metric.where, seconds, part)
    write_json(
        folder / "benchmark.json",
        {
            "command": "benchmark geodesics",
            "size": size,
            "options": solver,
            "init": init,
            "environment": environment(metric.where),
            "weights": weights_record(judge),
            "rows": rows,
        },
    )
    print(folder / "benchmark.json")
    return 0


def published_panel(clip: Path, size: int) -> Tensor:
    """Return the left of three panels, 5 px apart, of a published clip; central ``size`` px."""
    frames = read_frames(clip)
    width = (frames.shape[-1] - 10) // 3
    if min(width, frames.shape[-2]) < size:
        raise InputError(f"{clip}: panels of {width} x {frames.shape[-2]} px, --size is {size}")
    return center_crop(frames[..., :width], size, size).contiguous()


def _cases(
    clips: tuple[Path, ...],
    pairs: tuple[tuple[Path, Path], ...],
    samples: int,
    size: int,
    frames: int,
) -> list[tuple[str, Tensor, Tensor | None]]:
    """Return names, ends (2, 3, H, W) and, of a clip with as many, the published frames."""
    cases: list[tuple[str, Tensor, Tensor | None]] = []
    for clip in clips:
        panel = published_panel(clip, size)
        cases.append((clip.stem, panel[[0, -1]], panel if len(panel) == frames else None))
    for pair in pairs:
        cases.append((f"{pair[0].stem}-{pair[1].stem}", read_images(pair, size=size), None))
    for names in PAIRS[:samples]:
        cases.append(("-".join(names), read_squares(names, size), None))
    return cases


def _judged(
    name: str,
    paths: dict[str, Tensor],
    metric: Metric,
    options: GeodesicOptions,
    device: torch.device,
    seconds: float,
    folder: Path,
) -> list[dict[str, Any]]:
    """Evaluate paths of one pair and the cross-fade on the same draws; print and return rows."""
    found = {
        title: evaluate_path(
            metric,
            path.to(device),
            draws=options.evaluation_draws,
            seed=options.seed,
        )
        for title, path in paths.items()
    }
    measured = {title: each.path for title, each in found.items()}
    measured["cross-fade"] = found["geodesic"].baseline
    rows = []
    for title, each in measured.items():
        figures = asdict(each)
        row = {"pair": name, "path": title, **figures}
        if title == "geodesic":
            row |= {
                "advantage": found[title].advantage,
                "advantage_error": found[title].advantage_error,
                "seconds": seconds,
            }
        rows.append(row)
        cells = "".join(f"{figures[column]:>10.3f}" for column in _COLUMNS.values())
        print(f"{name:<28}{title:<12}{cells}", flush=True)
    save_filmstrip(folder / "filmstrip.png", list(paths.items()))
    return rows
