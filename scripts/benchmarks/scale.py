"""``elpips benchmark scale``: time and memory of a step against frames and pixels.

Every measurement runs in a process of its own, whose peak memory is its own, too.
"""

from __future__ import annotations

import math
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import torch

from ...geometry import GeodesicOptions, GeodesicProblem
from ...geometry.path_energy import path_energy
from ...media.figure import save_figure
from ...metrics import DEFAULT_METRIC, InputError, Precision, keep_freed_memory
from ...metrics.memory import peak_memory
from ..runs.files import prepare_outdir, write_json
from ..runs.options import make_metric, resolve_device
from ..runs.record import environment
from .convolution_cost import timed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

_REPEATS = 3


@dataclass(frozen=True)
class Measurement:
    """One step of a path of ``frames`` frames of ``size`` x ``size`` px, at scale level 1.

    Attributes
    ----------
    seconds
        Median over repeats of energy and gradient on one draw.
    memory
        Peak of the process in MiB; ``idle`` before the step. On a GPU, of its allocator.
    """

    size: int
    frames: int
    seconds: float
    memory: float
    idle: float


def benchmark_scale_command(
    *,
    frames: tuple[int, ...] = (5, 9, 17, 33, 65),
    frame_size: int = 256,
    sizes: tuple[int, ...] = (128, 256, 512, 1024),
    size_frames: int = 5,
    metric: str = DEFAULT_METRIC,
    precision: Precision = "auto",
    chunk: int | None = None,
    device: str = "auto",
    outdir: Path = Path("outputs/benchmark_scale"),
) -> int:
    """Measure time and peak memory of a path's step against its frames and pixels.

    Args:
        frames: Numbers of frames to measure.
        frame_size: Side of those frames in pixels.
        sizes: Sides in pixels to measure.
        size_frames: Number of frames of those sizes.
        metric: The distance.
        precision: Of the gradients' arithmetic.
        chunk: Frames on the tape at a time; by their size if not given.
        device: auto, cpu, cuda, ...
        outdir: Folder for benchmark.json and scale.png.
    """
    if sys.platform == "win32":
        raise InputError("peak memory cannot be measured on this system")
    if min(*frames, size_frames) < 3:
        raise InputError("expected frames of at least 3")
    folder = prepare_outdir(outdir, ["scale.png", "benchmark.json"])
    where = resolve_device(device)
    settings = (metric, precision, chunk, str(where))
    print(f"{'size':>6}{'frames':>8}{'s / step':>10}{'MiB':>8}", flush=True)
    by_frames = [_measured(frame_size, each, *settings) for each in sorted(frames)]
    by_size = [_measured(each, size_frames, *settings) for each in sorted(sizes)]
    exponents = fitted_exponents(by_frames, by_size)
    for name, value in exponents.items():
        print(f"exponent of {name}: {value:.2f}")
    save_figure(
        folder / "scale.png", lambda figure: _draw(figure, by_frames, by_size), size=(8, 3.6)
    )
    write_json(
        folder / "benchmark.json",
        {
            "command": "benchmark scale",
            "metric": metric,
            "precision": precision,
            "chunk": chunk,
            "environment": environment(where),
            "exponents": exponents,
            "by_frames": by_frames,
            "by_size": by_size,
        },
    )
    print(f"{folder / 'benchmark.json'}\n{folder / 'scale.png'}")
    return 0


def fitted_exponents(
    by_frames: Sequence[Measurement], by_size: Sequence[Measurement]
) -> dict[str, float]:
    """Return the powers of frames and of pixels that time and memory grow by, by name."""
    frames = [each.frames for each in by_frames]
    pixels = [each.size**2 for each in by_size]
    return {
        "seconds over frames": exponent(frames, [each.seconds for each in by_frames]),
        "memory over frames": exponent(frames, [each.memory for each in by_frames]),
        "seconds over pixels": exponent(pixels, [each.seconds for each in by_size]),
        "memory over pixels, idle taken off": exponent(
            pixels, [each.memory - each.idle for each in by_size]
        ),
    }


def exponent(x: Sequence[float], y: Sequence[float]) -> float:
    """Return the slope of log y over log x by least squares; NaN where that means nothing."""
    if len(x) < 2 or min(y) <= 0:
        return math.nan
    u, v = ([math.log(each) for each in values] for values in (x, y))
    mean_u, mean_v = sum(u) / len(u), sum(v) / len(v)
    products = sum((a - mean_u) * (b - mean_v) for a, b in zip(u, v, strict=True))
    return products / sum((a - mean_u) ** 2 for a in u)


def measure(
    size: int, frames: int, metric: str, precision: Precision, chunk: int | None, device: str
) -> Measurement:
    """Measure in this process; its memory must not have been used for more before."""
    keep_freed_memory()
    where = torch.device(device)
    distance = make_metric(metric, where)
    generator = torch.Generator().manual_seed(0)
    ends = torch.rand(2, 3, size, size, generator=generator).to(where)
    options = GeodesicOptions(precision=precision, chunk=chunk)
    problem = GeodesicProblem.of(ends[0], ends[1], frames, options, metric=distance, init="blend")
    inner = problem.initial
    # The finest scale level is the dearest; the others are drawn less often.
    draws = [
        draw
        for draw in distance.draws((size, size), 40, generator)
        if getattr(draw, "scale_level", 1) == 1
    ][: _REPEATS + 1]
    idle = _peak_memory(where)
    seconds = []
    for draw in draws:
        arguments = (problem.working_metric, problem.ends, inner, draw)
        seconds.append(timed(path_energy, *arguments, chunk=problem.chunk)[0])
    return Measurement(size, frames, median(seconds[1:]), _peak_memory(where), idle)


def _measured(size: int, frames: int, *settings: Any) -> Measurement:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        found = pool.submit(measure, size, frames, *settings).result()
    print(f"{size:>6}{frames:>8}{found.seconds:>10.3f}{found.memory:>8.0f}", flush=True)
    return found


def _peak_memory(device: torch.device) -> float:
    """Return the peak memory so far in MiB."""
    return (peak_memory(device) or 0) / 2**20


def _draw(figure: Figure, by_frames: Sequence[Measurement], by_size: Sequence[Measurement]) -> None:
    left, right = figure.subplots(1, 2)
    for axes, rows, key, label in (
        (left, by_frames, [each.frames for each in by_frames], "frames"),
        (right, by_size, [each.size**2 for each in by_size], "pixels per frame"),
    ):
        axes.plot(key, [each.seconds for each in rows], "-o", c="C0", label="seconds per step")
        memory = axes.twinx()
        memory.plot(key, [each.memory for each in rows], "--s", c="C1")
        axes.plot([], [], "--s", c="C1", label="peak memory in MiB (right)")
        axes.set_xlabel(label)
        axes.set_xlim(left=0)
        axes.set_ylim(bottom=0)
        memory.set_ylim(bottom=0)
    left.set_title(f"{by_frames[0].size} x {by_frames[0].size} px", fontsize=9)
    right.set_title(f"{by_size[0].frames} frames", fontsize=9)
    left.legend(frameon=False, fontsize=8)
