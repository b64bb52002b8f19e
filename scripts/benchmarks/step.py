"""``elpips benchmark step``: what an optimisation step costs over its bare convolutions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor
from tqdm import tqdm

from ...geometry import (
    BarycenterOptions,
    BarycenterProblem,
    GeodesicOptions,
    GeodesicProblem,
)
from ...geometry.multilevel import plan
from ...media.figure import save_figure
from ...metrics import InputError, Metric, Precision
from ...metrics.perceptual import PerceptualMetric
from ...metrics.precision import precision_of, working_copy
from ...optim import PreconditionedAdam, Problem, Solver
from ..runs.files import prepare_outdir, write_json
from ..runs.options import make_metric, resolve_device
from ..runs.record import environment
from ..runs.tables import format_table
from .convolution_cost import convolutions, floor_seconds, matrix_rate, timed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Work = Literal["barycenter of 2", "path"]

_MATRIX_SIDES = {"cpu": 2048, "cuda": 8192}


@dataclass(frozen=True)
class StepTime:
    """Step and floor of one problem at the finest scale level, measured in turns.

    Attributes
    ----------
    step, floor
        Medians in seconds: gradient on one draw and the solver's step; the convolutions
        of that gradient alone, forward and back for free images, forward for fixed ones.
    ratio, ratio_low, ratio_high
        Median of the ratios of neighbouring measurements; the smallest and the largest.
    matrix_share
        Multiplications of the convolutions per second of the step, as a share of what a
        large matrix product of the same precision does.
    """

    work: str
    size: int
    precision: str
    step: float
    floor: float
    ratio: float
    ratio_low: float
    ratio_high: float
    matrix_share: float


def benchmark_step_command(
    *,
    sizes: tuple[int, ...] = (96, 256, 512),
    frames: int = 10,
    precisions: tuple[Precision, ...] = ("float32", "auto"),
    repeats: int = 5,
    metric: str = "elpips_vgg",
    chunk: int | None = None,
    device: str = "auto",
    outdir: Path = Path("outputs/benchmark_step"),
) -> int:
    """Measure the steps of a barycenter of two images and of a path over bare convolutions.

    Args:
        sizes: Sides of the images in pixels.
        frames: Frames of the path, both ends counted.
        precisions: Of the gradients' arithmetic; auto is left out where it is float32.
        repeats: Measurements of each, step and floor in turns.
        metric: The distance.
        chunk: Frames on the tape at a time; by their size if not given.
        device: auto, cpu, cuda, ...
        outdir: Folder for benchmark.json and step.png.
    """
    if not sizes or min(sizes) < 16 or frames < 3 or repeats < 1:
        raise InputError("expected sizes of at least 16, 3 frames and 1 repeat")
    folder = prepare_outdir(outdir)
    where = resolve_device(device)
    scales = {"scale_levels": 1} if metric.startswith("elpips") else {}
    distance = make_metric(metric, where, **scales)
    if not isinstance(distance, PerceptualMetric):
        raise InputError(f"metric {metric!r} has no network whose convolutions could be timed")
    by_precision = {precision_of(working_copy(distance, each)): each for each in precisions}
    rows: list[StepTime] = []
    with tqdm(total=2 * len(sizes) * len(by_precision), desc="step", leave=False) as bar:
        for size in sorted(sizes):
            for precision in by_precision.values():
                for measure in (_barycenter_step, _path_step):
                    rows.append(measure(distance, size, frames, chunk, precision, repeats))
                    bar.update()
    print(format_table([_HEAD, *map(_cells, rows)], "<>><>>>>"))
    save_figure(folder / "step.png", lambda figure: _draw(figure, rows), size=(8, 3.6))
    write_json(
        folder / "benchmark.json",
        {
            "command": "benchmark step",
            "metric": metric,
            "frames": frames,
            "chunk": chunk,
            "repeats": repeats,
            "environment": environment(where),
            "rows": [asdict(row) for row in rows],
        },
    )
    print(f"{folder / 'benchmark.json'}\n{folder / 'step.png'}")
    return 0


def _barycenter_step(
    metric: Metric, size: int, frames: int, chunk: int | None, precision: Precision, repeats: int
) -> StepTime:
    del frames, chunk
    options = BarycenterOptions(precision=precision)
    problem = BarycenterProblem.of(_images(metric, size), options=options, metric=metric)
    solver = PreconditionedAdam(problem.preconditioner())
    step = _one_step(problem, solver, problem.initial)
    return _measure("barycenter of 2", problem.working_metric, size, step, [1], [2], repeats)


def _path_step(
    metric: Metric, size: int, frames: int, chunk: int | None, precision: Precision, repeats: int
) -> StepTime:
    start, end = _images(metric, size)
    options = GeodesicOptions(precision=precision, chunk=chunk, coarse_to_fine=False)
    problem = GeodesicProblem.of(start, end, frames, options, metric=metric, init="blend")
    (level,) = plan(problem, options)
    step = _one_step(problem, level.solver, problem.initial)
    free = [len(part) for part in torch.empty(frames - 2).split(problem.chunk)]
    name = f"path of {frames} frames"
    return _measure(name, problem.working_metric, size, step, free, [2], repeats)


def _images(metric: Metric, size: int) -> Tensor:
    pixels = torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(0))
    return pixels.to(next(metric.buffers()).device)


def _one_step(problem: Problem, solver: Solver[Any], x: Tensor) -> Callable[[], object]:
    """Return what the driver does in a step, on draws that go on from call to call."""
    generator, state = torch.Generator().manual_seed(1), solver.init(x)

    def step() -> object:
        return solver.step(x, problem.sample(x, generator), state)

    return step


def _measure(
    work: str,
    metric: Metric,
    size: int,
    step: Callable[[], object],
    free: list[int],
    fixed: list[int],
    repeats: int,
) -> StepTime:
    layers = convolutions(metric, (size, size), metric.draw((size, size)))
    step()
    floor_seconds(layers, free, fixed)
    pairs = [(timed(step)[0], floor_seconds(layers, free, fixed)) for _ in range(repeats)]
    ratios = [seconds / floor for seconds, floor in pairs]
    seconds = median(each for each, _ in pairs)
    passes = 2 * sum(free) + sum(fixed)
    rate = passes * sum(layer.multiplications for layer in layers) / seconds
    weight = layers[-1].weight
    return StepTime(
        work=work,
        size=size,
        precision=precision_of(metric),
        step=seconds,
        floor=median(floor for _, floor in pairs),
        ratio=median(ratios),
        ratio_low=min(ratios),
        ratio_high=max(ratios),
        matrix_share=rate / matrix_rate(weight, _MATRIX_SIDES.get(weight.device.type, 2048)),
    )


_HEAD = ("work", "px", "s / step", "precision", "floor", "ratio", "range", "matrix peak")


def _cells(row: StepTime) -> tuple[str, ...]:
    return (
        row.work,
        str(row.size),
        f"{row.step:.3f}",
        row.precision,
        f"{row.floor:.3f}",
        f"{row.ratio:.2f}",
        f"{row.ratio_low:.2f}-{row.ratio_high:.2f}",
        f"{row.matrix_share:.0%}",
    )


def _draw(figure: Figure, rows: list[StepTime]) -> None:
    left, right = figure.subplots(1, 2)
    for key in dict.fromkeys((row.work, row.precision) for row in rows):
        chosen = [row for row in rows if (row.work, row.precision) == key]
        sides = [row.size for row in chosen]
        (line,) = left.plot(sides, [row.step for row in chosen], "-o", label=", ".join(key))
        left.plot(sides, [row.floor for row in chosen], ":", c=line.get_color())
        right.plot(sides, [row.ratio for row in chosen], "-o")
    for axes, label in ((left, "seconds per step (dotted: convolutions)"), (right, "ratio")):
        axes.set_xlabel("side in pixels")
        axes.set_xscale("log")
        axes.set_ylabel(label)
    left.set_yscale("log")
    right.set_ylim(bottom=1)
    left.legend(frameon=False, fontsize=7)
