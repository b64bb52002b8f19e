"""``elpips benchmark interpolation``: predict the middle of three frames of real footage.

Triplets of `.footage`; cross-fade, optical-flow warp, pure geodesic, and the default of
``elpips interpolate``, judged against the true frame as 8-bit pictures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ...geometry import INTERPOLATION
from ...geometry.flow_interpolation import flow_path
from ...media import read_image
from ...media.grid import Cell, save_grid
from ...media.write import to_uint8
from ...metrics import InputError, Metric, estimate
from ...metrics.statistics import Mean, mean_of
from ..runs.files import prepare_outdir, write_json
from ..runs.options import GeodesicArguments, MetricOptions, TheMetric, make_metric, weights_record
from ..runs.path import solve_or_stop
from ..runs.record import environment
from .fidelity import psnr, ssim
from .footage import load_triplets

MEASURES = ("psnr", "ssim", "lpips_alex", "elpips_vgg")
_DRAWS = 32


def benchmark_interpolation_command(
    *,
    triplets: int = 20,
    size: int = 128,
    init: str = "flow",
    metric: TheMetric = MetricOptions(),
    solver: GeodesicArguments = INTERPOLATION,
    pure_init: str = "crisp",
    pure_steps: int | None = None,
    others: tuple[str, ...] = (),
    outdir: Path = Path("outputs/benchmark_interpolation"),
) -> int:
    """Predict the middle frames of triplets of real footage and measure how well.

    Args:
        triplets: How many, spread over all clips.
        size: Side of the frames in pixels.
        init: Where elpips interpolate starts.
        metric: Which distance.
        solver: How elpips interpolate computes paths.
        pure_init: Where the pure geodesic starts.
        pure_steps: Optimiser steps of the pure geodesic.
        others: NAME=FOLDER of other methods, whose predictions are in FOLDER, 00.png and on. What
            they were to predict them from are the inputs in the folders of the paths.
        outdir: Folder for benchmark.json and pictures; paths already solved are read.
    """
    solver.check()
    folders = dict(map(_other, others))
    folder = prepare_outdir(outdir, ["triplets.png", "benchmark.json"])
    distance = metric.create()
    judges = {name: make_metric(name, metric.device) for name in MEASURES[2:]}
    settings = {
        "geodesic": (pure_init, replace(solver, steps=pure_steps)),
        "interpolate": (init, solver),
    }
    rows: list[dict[str, Any]] = []
    grid: list[list[Cell]] = []
    for index, triplet in enumerate(load_triplets(triplets, size)):
        first, truth, last = triplet.images
        found = {
            "cross-fade": (first + last) / 2,
            "flow": flow_path(first, last, [0.5])[0],
        }
        for name, (start, setting) in settings.items():
            solved = solve_or_stop(
                prepare_outdir(folder / f"{index:02d}_{triplet.clip}_{name}"),
                triplet.images[[0, 2]].to(metric.where),
                3,
                setting,
                metric=distance,
                init=start,
                label=f"{index:02d} {name}",
                names=("first", "last"),
            )
            found[name] = solved.frames[1].cpu()
        for name, predicted in folders.items():
            found[name] = _predicted(predicted / f"{index:02d}.png", size)
        for name, image in found.items():
            judged = judge(image, truth, judges, solver.seed, metric.where)
            rows.append({"clip": triplet.clip, "frames": triplet.frames, "method": name} | judged)
        cells = [Cell(first, triplet.clip), Cell(truth, "truth"), Cell(last, "")]
        grid.append([*cells, *(Cell(image, name) for name, image in found.items())])
        print(_line(rows[-len(found) :]), flush=True)
    save_grid(folder / "triplets.png", grid)
    table = summary(rows)
    write_json(
        folder / "benchmark.json",
        {
            "command": "benchmark interpolation",
            "size": size,
            "options": solver,
            "environment": environment(metric.where),
            "weights": weights_record(distance),
            "summary": table,
            "rows": rows,
        },
    )
    print(f"{'mean of ' + str(triplets):<14}" + "".join(f"{name:>22}" for name in MEASURES))
    for name, measured in table.items():
        shown = (f"{each.mean:.4f} +- {each.standard_error:.4f}" for each in measured.values())
        print(f"{name:<14}" + "".join(f"{each:>22}" for each in shown))
    print(f"{folder / 'benchmark.json'}\n{folder / 'triplets.png'}")
    return 0


def _other(given: str) -> tuple[str, Path]:
    name, _, folder = given.partition("=")
    if not name or not folder:
        raise InputError(f"others: found {given!r}, expected NAME=FOLDER")
    return name, Path(folder)


def _predicted(path: Path, size: int) -> Tensor:
    image = read_image(path)
    if image.shape != (3, size, size):
        found = f"{image.shape[2]} x {image.shape[1]}"
        raise InputError(f"{path}: {found} pixels; expected {size} x {size}")
    return image


def judge(
    image: Tensor, truth: Tensor, judges: Mapping[str, Metric], seed: int, device: torch.device
) -> dict[str, float]:
    """Return the measures of a predicted frame (3, H, W), as an 8-bit picture."""
    rounded = torch.from_numpy(to_uint8(image)).permute(2, 0, 1)[None].float() / 255
    result = {"psnr": psnr(image[None], truth[None]), "ssim": ssim(image, truth)}
    for name, metric in judges.items():
        distance = estimate(
            metric,
            rounded.to(device),
            truth[None].to(device),
            max_draws=_DRAWS,
            seed=seed,
        ).distance
        result[name] = float(distance)
    return result


def summary(rows: list[dict[str, Any]]) -> dict[str, dict[str, Mean]]:
    """Return mean and standard error over triplets, by method and measure."""
    methods = dict.fromkeys(row["method"] for row in rows)
    return {
        method: {
            name: mean_of([row[name] for row in rows if row["method"] == method])
            for name in MEASURES
        }
        for method in methods
    }


def _line(rows: list[dict[str, Any]]) -> str:
    parts = (f"{row['method']} {row['psnr']:.2f} dB {row['elpips_vgg']:.4f}" for row in rows)
    return f"{rows[0]['clip']} {rows[0]['frames']}: " + ", ".join(parts)
