"""The time of an optimisation step beside that of the bare convolutions in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import torch
from torch import Tensor

from ...geometry import BarycenterOptions, BarycenterProblem, GeodesicOptions, GeodesicProblem
from ...geometry.multilevel import plan
from ...metrics import Metric, Precision
from ...metrics.perceptual import PerceptualMetric
from ...metrics.precision import precision_of, working_copy
from ...optim import PreconditionedAdam, Problem, Solver
from .convolution_cost import convolutions, floor_seconds, matrix_rate, timed

MATRIX_SIDES = {"cpu": 2048, "cuda": 8192}
"""Sides of the matrices whose product is taken for all that a device can do."""


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


@dataclass(frozen=True)
class Work:
    """One step of a problem, to be timed.

    Attributes
    ----------
    name
        What is computed.
    metric
        In the precision of the step.
    step
        Does what the driver does in a step.
    free
        Batches of images that the gradient goes through; two more images are fixed.
    """

    name: str
    metric: Metric
    step: Callable[[], object]
    free: Sequence[int]


def step_times(
    metric: PerceptualMetric,
    sizes: Sequence[int],
    precisions: Sequence[Precision],
    *,
    frames: int,
    chunk: int | None,
    repeats: int,
    advance: Callable[[], object] = lambda: None,
) -> list[StepTime]:
    """Time the steps of a barycenter of two images and of a path.

    Parameters
    ----------
    metric
        The distance, at the finest scale level only.
    sizes
        Sides of the images in pixels.
    precisions
        Of the gradients' arithmetic.
    frames
        Of the path, both ends counted.
    chunk
        Frames on the tape at a time; None: by their size.
    repeats
        Measurements of each, step and floor in turns.
    advance
        Called after each problem.

    Returns
    -------
    list of StepTime
        By size, precision and problem.
    """
    rows = []
    rates = {each: _rate_of(working_copy(metric, each)) for each in precisions}
    for size in sizes:
        images = _images(metric, size)
        for precision in precisions:
            works = (
                barycenter_work(metric, images, precision),
                path_work(metric, images, precision, frames=frames, chunk=chunk),
            )
            for work in works:
                rows.append(measure(work, size, rates[precision], repeats))
                advance()
    return rows


def barycenter_work(metric: Metric, images: Tensor, precision: Precision) -> Work:
    """Return a step of the barycenter of two images (2, 3, H, W)."""
    options = BarycenterOptions(precision=precision)
    problem = BarycenterProblem.of(images, options=options, metric=metric)
    step = _one_step(problem, PreconditionedAdam(problem.preconditioner()), problem.initial)
    return Work("barycenter of 2", problem.working_metric, step, [1])


def path_work(
    metric: Metric, images: Tensor, precision: Precision, *, frames: int, chunk: int | None
) -> Work:
    """Return a step of a path between two images (2, 3, H, W)."""
    options = GeodesicOptions(precision=precision, chunk=chunk, coarse_to_fine=False)
    problem = GeodesicProblem.of(images[0], images[1], frames, options, metric=metric, init="blend")
    (level,) = plan(problem, options)
    step = _one_step(problem, level.solver, problem.initial)
    free = [len(part) for part in torch.empty(frames - 2).split(problem.chunk)]
    return Work(f"path of {frames} frames", problem.working_metric, step, free)


def measure(work: Work, size: int, peak: float, repeats: int) -> StepTime:
    """Time a step and the convolutions in it, in turns, after one of each to warm up.

    ``peak`` are the multiplications per second of a large matrix product.
    """
    layers = convolutions(work.metric, (size, size), work.metric.draw((size, size)))
    fixed = [2]
    work.step()
    floor_seconds(layers, work.free, fixed)
    pairs = [(timed(work.step)[0], floor_seconds(layers, work.free, fixed)) for _ in range(repeats)]
    ratios = [seconds / floor for seconds, floor in pairs]
    seconds = median(each for each, _ in pairs)
    passes = 2 * sum(work.free) + sum(fixed)
    rate = passes * sum(layer.multiplications for layer in layers) / seconds
    return StepTime(
        work=work.name,
        size=size,
        precision=precision_of(work.metric),
        step=seconds,
        floor=median(floor for _, floor in pairs),
        ratio=median(ratios),
        ratio_low=min(ratios),
        ratio_high=max(ratios),
        matrix_share=rate / peak,
    )


def _images(metric: PerceptualMetric, size: int) -> Tensor:
    pixels = torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(0))
    return pixels.to(metric.device)


def _one_step(problem: Problem, solver: Solver[Any], x: Tensor) -> Callable[[], object]:
    """Return what the driver does in a step, on draws that go on from call to call."""
    generator, state = torch.Generator().manual_seed(1), solver.init(x)

    def step() -> object:
        return solver.step(x, problem.sample(x, generator), state)

    return step


def _rate_of(metric: Metric) -> float:
    """Return the multiplications per second of a matrix product in a metric's precision."""
    assert isinstance(metric, PerceptualMetric)
    side = MATRIX_SIDES.get(metric.device.type, MATRIX_SIDES["cpu"])
    return matrix_rate(side, metric.dtype, metric.device)
