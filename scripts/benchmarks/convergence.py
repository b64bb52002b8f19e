"""``elpips benchmark convergence``: how many network passes a schedule needs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import mean, median
from typing import TYPE_CHECKING, Any

from ...geometry.identity import digest
from ...geometry.options import Schedule
from ...media.figure import save_figure
from ...media.read import read_images
from ...media.samples import read_squares
from ...metrics import InputError, Precision
from ..runs.files import prepare_outdir, write_json
from ..runs.options import make_metric, resolve_device, weights_record
from ..runs.record import environment
from ..runs.tables import format_table
from .curves import Curve, Point, Task, cached_curve, curve

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SAMPLES = ("chelsea", "coffee")
_OUR_MARKS = (5, 10, 20, 40, 60, 80, 100, 140, 180, 240, 320, 400)
_RELEASED_FIRST_MARK = 25


def benchmark_convergence_command(
    *,
    pair: tuple[Path, Path] | None = None,
    samples: tuple[str, str] = _SAMPLES,
    sizes: tuple[int, ...] = (64,),
    frames: int = 0,
    steps: int = 400,
    released: int = 5000,
    seeds: int = 3,
    power: int = 1,
    evaluation_draws: int = 32,
    metric: str = "elpips_vgg",
    precision: Precision = "auto",
    device: str = "auto",
    outdir: Path = Path("outputs/benchmark_convergence"),
) -> int:
    """Compare the default solver with the released schedule, pass by pass.

    Both minimise the same objective, and are judged on the same draws, which no run sees.

    Args:
        pair: Two image files; by default the samples.
        samples: Two images that come along.
        sizes: Short sides in pixels, cropped to squares.
        frames: Frames of a path between the images; 0 for their barycenter.
        steps: Steps of the default solver.
        released: Steps of the released schedule, meant for 100,000.
        seeds: Runs of each, with seeds 0, 1, ...
        power: 1 sums the distances, 2 their squares (as the authors' scripts).
        evaluation_draws: Draws on which all are judged.
        metric: The distance.
        precision: Of the gradients' arithmetic.
        device: auto, cpu, cuda, ...
        outdir: Folder for benchmark.json and convergence_SIZE.png; curves already in it are kept.
    """
    if min(steps, released) < 1 or 0 < frames < 3:
        raise InputError("expected at least 1 step of each schedule, and 0 or 3 frames and more")
    folder = prepare_outdir(outdir, ["benchmark.json"])
    where = resolve_device(device)
    distance = make_metric(metric, where)
    marks: dict[Schedule, tuple[int, ...]] = {
        "adaptive": (*(each for each in _OUR_MARKS if each < steps), steps),
        "released": tuple(_doubling(_RELEASED_FIRST_MARK, released)),
    }
    results = []
    for size in sizes:
        images = (
            read_images(pair, size=size, crop="square") if pair else read_squares(samples, size)
        )
        task = Task(images.to(where), frames, distance, power, evaluation_draws, precision)
        curves = {name: _curves(task, name, marks[name], seeds, folder) for name in marks}
        results.append({"size": size, **_compare(curves)})
        print(_report(results[-1]), flush=True)
        figure = folder / f"convergence_{size}.png"
        save_figure(figure, partial(_draw, curves=curves), size=(8, 3.6))
        print(figure)
    write_json(
        folder / "benchmark.json",
        {
            "command": "benchmark convergence",
            "images": [str(each) for each in pair or samples],
            "frames": frames,
            "power": power,
            "metric": metric,
            "weights": weights_record(distance),
            "evaluation_draws": evaluation_draws,
            "environment": environment(where),
            "results": results,
        },
    )
    print(folder / "benchmark.json")
    return 0


def _curves(
    task: Task, schedule: Schedule, marks: Sequence[int], seeds: int, folder: Path
) -> list[Curve]:
    size = task.images.shape[-1]
    found = []
    for seed in range(seeds):
        name = f"{schedule}_{size}px_{task.frames}frames_{marks[-1]}steps_seed{seed}.json"

        def compute(seed: int = seed) -> Curve:
            return curve(task, schedule, marks, seed, f"{schedule}, seed {seed}")

        identity = {
            "images": digest(task.images),
            "metric": weights_record(task.metric),
            "power": task.power,
            "draws": task.draws,
            "precision": task.precision,
        }
        found.append(cached_curve(folder / name, identity, compute))
    return found


def _compare(curves: dict[Schedule, list[Curve]]) -> dict[str, Any]:
    """Return the mean ends and what our solver needs for what the released one reaches."""
    end, ours = _mean_end(curves["released"]), curves["adaptive"]
    needed = [each.passes_to(end.objective) for each in ours]
    seconds = mean(each.points[-1].seconds / each.points[-1].passes for each in ours)
    return {
        "released": end,
        "ours": _mean_end(ours),
        "passes_needed": needed,
        # Infinitely fewer where our start is lower already.
        "times_fewer": end.passes / median(needed) if median(needed) else math.inf,
        "seconds_needed": median(needed) * seconds,
        "curves": {name: [each.points for each in found] for name, found in curves.items()},
    }


def _mean_end(curves: Sequence[Curve]) -> Point:
    """Return the mean of the last points; its error is the draws', which all seeds share."""
    ends = [each.points[-1] for each in curves]
    return replace(
        ends[0],
        seconds=mean(end.seconds for end in ends),
        objective=mean(end.objective for end in ends),
    )


def _report(result: dict[str, Any]) -> str:
    rows = [("", "steps", "passes", "seconds", "objective", "+-")]
    for name in ("released", "ours"):
        point: Point = result[name]
        rows.append(
            (
                name,
                str(point.steps),
                str(point.passes),
                f"{point.seconds:.0f}",
                f"{point.objective:.5f}",
                f"{point.standard_error:.5f}",
            )
        )
    needed = ", ".join(
        "never" if math.isinf(each) else f"{each:.0f}" for each in result["passes_needed"]
    )
    return (
        f"{result['size']} px\n{format_table(rows, '<>>>>>')}\n"
        f"ours reaches the released objective after {needed} passes (by seed): "
        f"{result['times_fewer']:.0f} times fewer"
    )


def _doubling(first: int, last: int) -> Iterator[int]:
    """Yield first, 2 first, 4 first, ... below ``last``, then ``last``."""
    while first < last:
        yield first
        first *= 2
    yield last


def _draw(figure: Figure, curves: dict[Schedule, list[Curve]]) -> None:
    left, right = figure.subplots(1, 2, sharey=True)
    for color, (name, found) in zip(("C1", "C0"), curves.items(), strict=True):
        for index, each in enumerate(found):
            label = str(name) if index == 0 else None
            points = each.points[1:]
            values = [point.objective for point in points]
            left.plot([point.passes for point in points], values, "-o", ms=3, c=color, label=label)
            right.plot([point.seconds for point in points], values, "-o", ms=3, c=color)
    start = curves["adaptive"][0].points[0].objective
    left.axhline(start, c="0.6", ls="--", label="start of ours")
    for axes, label in ((left, "network passes"), (right, "seconds")):
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlabel(label)
    left.set_ylabel("objective on held-out draws")
    left.legend(frameon=False, fontsize=8)
