"""``elpips benchmark barycenters``: objective and detail of barycenters of many pairs.

Every setting sees the same inputs and is judged on the same draws, which no setting was
optimised on. ``docs/performance.md`` keeps what it measured.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ...geometry import barycenter, high_band_ratio, overlay_share
from ...geometry.identity import digest
from ...geometry.options import Schedule
from ...media.grid import Cell, save_grid
from ...media.read import read_images
from ...media.samples import read_squares
from ...media.write import save_image
from ...metrics import Metric
from ...optim import RunState
from ..runs.files import prepare_outdir, write_json
from ..runs.options import make_metric, resolve_device, weights_record
from ..runs.record import environment
from ..runs.result_cache import cached_results

PAIRS = (
    ("astronaut_face", "hopper_face"),
    ("chelsea", "coffee"),
    ("rocket", "camera"),
    ("retina", "coffee"),
    ("motorcycle_left", "motorcycle_right"),
    ("grass", "gravel"),
    ("brick_left", "gravel_left"),
    ("stars_left", "stars_right"),
    ("tissue_left", "tissue_right"),
    ("wood", "fur"),
)
"""Smooth and textured pairs of `media.samples`."""

SHIFTED = ("fur", "grass", "gravel", "brick_left", "tissue_left")
"""Textures that `--shifted-by` pairs with themselves, moved."""


def benchmark_barycenters_command(
    *,
    pair: tuple[tuple[Path, Path], ...] = (),
    samples: int = len(PAIRS),
    size: int = 128,
    steps: int = 400,
    released: tuple[int, ...] = (600,),
    objects: bool = False,
    shifted_by: tuple[int, ...] = (),
    evaluation_draws: int = 64,
    metric: str = "elpips_vgg",
    seed: int = 0,
    device: str = "auto",
    outdir: Path = Path("outputs/benchmark_barycenters"),
) -> int:
    """Compute barycenters of pairs with the default and the released solver, and compare.

    Args:
        pair: Further pairs of image files, before the samples.
        samples: How many of the ten pairs of images that come along to include.
        size: Short side in pixels, cropped to squares.
        steps: Steps of the default solver.
        released: Steps after which the released solver, started from noise, is judged.
        objects: Also start the default solver from where objects meet.
        shifted_by: Also pair each of five textures with itself, moved by so many pixels both ways.
        evaluation_draws: Draws of the final evaluation, the same for all settings.
        metric: The distance to minimise.
        seed: Same seed, same numbers.
        device: auto, cpu, cuda, ...
        outdir: Folder for the pictures and benchmark.json; pairs already in it are kept.
    """
    folder = prepare_outdir(outdir, ["pairs.png", "benchmark.json"])
    where = resolve_device(device)
    distance = make_metric(metric, where)
    settings: list[tuple[Schedule, str, tuple[int, ...]]] = [("adaptive", "blend", (steps,))]
    if objects:
        settings.append(("adaptive", "objects", (steps,)))
    if released:
        settings.append(("released", "noise", tuple(sorted(released))))
    rows, grid = [], []
    for name, images in _pairs(pair, samples, size, shifted_by):
        images = images.to(where)
        cells = [Cell(images[0], name), Cell(images[1], ""), Cell(images.mean(0), "pixel mean")]
        for schedule, init, marks in settings:
            for row, image in _solved(
                folder,
                f"{name}_{schedule}_{init}_{marks[-1]}",
                images,
                distance,
                schedule,
                init,
                marks,
                seed,
                evaluation_draws,
            ):
                rows.append({"pair": name, **row})
                print(_line(rows[-1]), flush=True)
                caption = f"{schedule} {row['steps']}, {init}\n{row['objective']:.4f}"
                cells.append(Cell(image, caption))
        grid.append(cells)
    save_grid(folder / "pairs.png", grid)
    write_json(
        folder / "benchmark.json",
        {
            "command": "benchmark barycenters",
            "size": size,
            "seed": seed,
            "environment": environment(where),
            "weights": weights_record(distance),
            "rows": rows,
        },
    )
    print(f"{folder / 'benchmark.json'}\n{folder / 'pairs.png'}")
    return 0


def _pairs(
    files: tuple[tuple[Path, Path], ...], samples: int, size: int, shifts: tuple[int, ...]
) -> Iterator[tuple[str, Tensor]]:
    for first, second in files:
        yield f"{first.stem}-{second.stem}", read_images([first, second], size=size)
    for names in PAIRS[:samples]:
        yield "-".join(names), read_squares(names, size)
    if not shifts:
        return
    for name in SHIFTED:
        (whole,) = read_squares([name], size + max(shifts))
        for shift in shifts:
            moved = slice(shift, shift + size)
            yield (
                f"{name}-moved {shift} px",
                torch.stack([whole[:, :size, :size], whole[:, moved, moved]]),
            )


def _solved(
    folder: Path,
    name: str,
    images: Tensor,
    metric: Metric,
    schedule: Schedule,
    init: str,
    marks: tuple[int, ...],
    seed: int,
    draws: int,
) -> list[tuple[dict[str, Any], Tensor]]:
    """Solve, or read what an interrupted benchmark in ``folder`` has solved already."""
    pictures = [folder / f"{name}_{index}.png" for index in range(len(marks))]

    def compute() -> dict[str, Any]:
        results = _solve(images, metric, schedule, init, marks, seed, draws)
        for path, (_, image) in zip(pictures, results, strict=True):
            save_image(path, image)
        return {"rows": [row for row, _ in results]}

    identity = {
        "images": digest(images),
        "metric": [metric.name, weights_record(metric)],
        "marks": marks,
        "seed": seed,
        "draws": draws,
    }
    rows = cached_results(folder / f"{name}.json", identity, compute, pictures)["rows"]
    return list(zip(rows, read_images(pictures), strict=True))


def _solve(
    images: Tensor,
    metric: Metric,
    schedule: Schedule,
    init: Any,
    marks: tuple[int, ...],
    seed: int,
    draws: int,
) -> list[tuple[dict[str, Any], Tensor]]:
    """Run one solver to each of ``marks`` steps; return a row of figures and an image each."""
    run: RunState | None = None
    results = []
    for steps in marks:
        found = barycenter(
            images,
            metric=metric,
            init=init,
            run=run,
            progress=schedule,
            steps=steps,
            schedule=schedule,
            seed=seed,
            evaluation_draws=draws,
        )
        if found.solution.interrupted:
            raise KeyboardInterrupt
        run, image = found.solution.state, found.image
        began = time.perf_counter()
        evaluation = found.evaluation
        results.append(
            (
                {
                    "schedule": schedule,
                    "init": init,
                    "steps": steps,
                    "objective": evaluation.objective,
                    "standard_error": evaluation.standard_error,
                    "advantage": evaluation.advantage,
                    "lower_bound": evaluation.lower_bound,
                    "pixel_mean": evaluation.baseline.objective,
                    "best_input": min(value.objective for value in evaluation.inputs),
                    "high_band_ratio": high_band_ratio(image, images),
                    "pixel_mean_high_band_ratio": high_band_ratio(images.mean(0), images),
                    "overlay": float(overlay_share(image[None], images)),
                    # Per draw, every input forward once, the image forward and back.
                    "network_passes": run.history[-1].draws * (len(images) + 2),
                    "seconds": run.seconds,
                    "evaluation_seconds": time.perf_counter() - began,
                },
                image,
            )
        )
    return results


def _line(row: dict[str, Any]) -> str:
    return (
        f"{row['pair']:<34}{row['schedule']:<9}{row['init']:<8}{row['steps']:>6}"
        f"  objective {row['objective']:.5f}  mean {row['pixel_mean']:.5f}"
        f"  input {row['best_input']:.5f}  bound {row['lower_bound']:.5f}"
        f"  detail {row['high_band_ratio']:.2f} ({row['pixel_mean_high_band_ratio']:.2f})"
        f"  overlay {row['overlay']:.2f}"
        f"  passes {row['network_passes']}  {row['seconds']:.0f} s"
    )
