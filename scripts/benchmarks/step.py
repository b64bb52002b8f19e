"""``elpips benchmark step``: what an optimisation step costs over its bare convolutions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from ...media.figure import save_figure
from ...metrics import DEFAULT_METRIC, InputError, Precision
from ...metrics.perceptual import PerceptualMetric
from ...metrics.precision import precision_of, working_copy
from ..runs.files import prepare_outdir, write_json
from ..runs.options import make_metric, resolve_device
from ..runs.record import environment
from ..runs.tables import format_table
from .step_time import StepTime, step_times

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

_HEAD = ("work", "px", "s / step", "precision", "floor", "ratio", "range", "matrix peak")


def benchmark_step_command(
    *,
    sizes: tuple[int, ...] = (96, 256, 512),
    frames: int = 10,
    precisions: tuple[Precision, ...] = ("float32", "auto"),
    repeats: int = 5,
    metric: str = DEFAULT_METRIC,
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
    if frames < 3:
        raise InputError(f"frames: found {frames}, expected at least 3")
    folder = prepare_outdir(outdir, ["step.png", "benchmark.json"])
    where = resolve_device(device)
    scales = {"scale_levels": 1} if metric.startswith("elpips") else {}
    distance = make_metric(metric, where, **scales)
    if not isinstance(distance, PerceptualMetric):
        raise InputError(f"metric {metric!r} has no network whose convolutions could be timed")
    by_precision = {precision_of(working_copy(distance, each)): each for each in precisions}
    precisions = tuple(by_precision.values())
    with tqdm(total=2 * len(sizes) * len(precisions), desc="step", leave=False) as bar:
        rows = step_times(
            distance,
            sorted(sizes),
            precisions,
            frames=frames,
            chunk=chunk,
            repeats=repeats,
            advance=bar.update,
        )
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
            "rows": rows,
        },
    )
    print(f"{folder / 'benchmark.json'}\n{folder / 'step.png'}")
    return 0


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


def _draw(figure: Figure, rows: Sequence[StepTime]) -> None:
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
