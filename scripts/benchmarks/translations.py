"""``elpips benchmark translations``: paths between shifted crops, where the truth is known."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ...geometry import GeodesicOptions
from ...geometry.path_evaluation import PathEvaluation, evaluate_path
from ...geometry.reference_path import cross_fade
from ...geometry.sine_modes import times_of
from ...media import save_frames
from ...media.crop import center_crop, resize_short_side
from ...media.samples import read_sample
from ..runs.files import prepare_outdir, write_json
from ..runs.options import GeodesicArguments, MetricOptions, TheMetric, weights_record
from ..runs.path import solve_or_stop
from ..runs.record import environment
from .fidelity import psnr

SAMPLES = ("chelsea", "coffee", "rocket", "tissue", "grass", "brick")
"""Photographs and textures, scaled to a short side of twice the crop."""


def benchmark_translations_command(
    *,
    shifts: tuple[int, ...] = (4, 8),
    sizes: tuple[int, ...] = (64, 128),
    samples: int = len(SAMPLES),
    inits: tuple[str, ...] = ("crisp", "flow"),
    metric: TheMetric = MetricOptions(),
    solver: GeodesicArguments = GeodesicOptions(),
    outdir: Path = Path("outputs/benchmark_translations"),
) -> int:
    """Compute paths between crops shifted by whole pixels and compare with the true ones.

    Args:
        shifts: Shifts in pixels; a path has one frame per pixel.
        sizes: Sides of the crops in pixels.
        samples: How many of the images that come along to include.
        inits: Where to start.
        metric: Which distance.
        solver: How the paths are computed.
        outdir: Folder for frames and benchmark.json; paths already solved in it are read.
    """
    solver.check()
    folder = prepare_outdir(outdir, ["benchmark.json"])
    judge = metric.create()
    rows: list[dict[str, Any]] = []
    print(f"{'crop':<14}{'size':>5}{'shift':>6}  {'path':<8}{'energy':>9}{'PSNR':>8}", flush=True)
    for size in sizes:
        for name in SAMPLES[:samples]:
            for shift in shifts:
                truth = translation(name, size, shift)
                paths = {"true": truth}
                for init in inits:
                    part = prepare_outdir(folder / f"{name}_{size}_{shift}_{init}")
                    solved = solve_or_stop(
                        part,
                        truth[[0, -1]].to(metric.where),
                        shift + 1,
                        solver,
                        metric=judge,
                        init=init,
                        label=part.name,
                    )
                    save_frames(part / "frames", solved.frames)
                    paths[init] = solved.frames.cpu()
                paths["fade"] = cross_fade(truth[0], truth[-1], times_of(shift))
                for title, path in paths.items():
                    found = evaluate_path(
                        judge,
                        path.to(metric.where),
                        draws=solver.evaluation_draws,
                        seed=solver.seed,
                    ).path
                    rows.append(_row(name, size, shift, title, path, truth, found))
    write_json(
        folder / "benchmark.json",
        {
            "command": "benchmark translations",
            "options": solver,
            "environment": environment(metric.where),
            "weights": weights_record(judge),
            "rows": rows,
        },
    )
    print(folder / "benchmark.json")
    return 0


def translation(name: str, size: int, shift: int) -> Tensor:
    """Return the true path: crops (shift + 1, 3, size, size), each a pixel further right."""
    image = center_crop(resize_short_side(read_sample(name), 2 * size), size, size + shift)
    return torch.stack([image[:, :, x : x + size] for x in range(shift + 1)])


def _row(
    name: str,
    size: int,
    shift: int,
    title: str,
    path: Tensor,
    truth: Tensor,
    found: PathEvaluation,
) -> dict[str, Any]:
    inner = None if title == "true" else psnr(path[1:-1], truth[1:-1])
    shown = "" if inner is None else f"{inner:.2f}"
    print(f"{name:<14}{size:>5}{shift:>6}  {title:<8}{found.energy:>9.4f}{shown:>8}", flush=True)
    return {"crop": name, "size": size, "shift": shift, "path": title, "psnr": inner} | asdict(
        found
    )
