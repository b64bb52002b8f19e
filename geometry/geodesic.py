"""Geodesics: the shortest path of images between two images."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from torch import Tensor

from ..metrics import Metric, Precision
from ..metrics.seeds import stream
from ..optim import Callback, Solution
from .barycenter import make_limits
from .barycenter_evaluation import check_draws
from .geodesic_problem import GeodesicProblem
from .multilevel import Level, default_steps, minimise_path, on_finest, plan, start_path
from .path_evaluation import PathComparison, evaluate_path
from .reference_path import PathInit, Reference, interpolate
from .reparametrise import reparametrise


@dataclass(frozen=True)
class Geodesic:
    """A discrete geodesic and what is known about it.

    Attributes
    ----------
    frames
        (N + 1, 3, H, W) RGB in [0, 1]; the first and last are the ends, bit by bit.
    evaluation
        Measures of the path and of the cross-fade, on draws that nothing else has seen.
    solution
        How the solver got there.
    reference
        The path it started from, at any times.
    """

    frames: Tensor
    evaluation: PathComparison
    solution: Solution
    reference: Reference

    def __call__(self, t: float | Sequence[float]) -> Tensor:
        """Return the image (3, H, W) at time t in [0, 1], or images (T, 3, H, W) at times."""
        if isinstance(t, (int, float)):
            return interpolate(self.frames, [t], self.reference)[0]
        return interpolate(self.frames, t, self.reference)


def geodesic(
    start: Tensor,
    end: Tensor,
    frames: int = 10,
    *,
    metric: Metric | str = "elpips_vgg",
    init: PathInit | Tensor = "crisp",
    power: int = 1,
    steps: int | None = None,
    coarse_to_fine: bool = True,
    halvings: int = 0,
    step_size: float = 0.13,
    draws: int = 1,
    pixel_weight: float = 0.0,
    equal_steps: bool = False,
    tolerance: float = 0.0,
    patience: int = 0,
    chunk: int | None = None,
    precision: Precision = "auto",
    seed: int = 0,
    evaluation_draws: int = 12,
    callbacks: Iterable[Callback] = (),
) -> Geodesic:
    """Compute the path of images between two images that has the least energy.

    The energy N sum_i D(x_i, x_i+1) of N transitions bounds the squared length of the path
    from above, and equals it where the steps are equal.

    Parameters
    ----------
    start, end
        Images (3, H, W) RGB in [0, 1], on the metric's device.
    frames
        N + 1, both ends counted; at least 3.
    metric
        The distance D, or the name of one.
    init
        Start from a cross-fade that keeps local contrast (``"crisp"``), the plain one
        (``"blend"``), the nearer end (``"nearest"``), noise (``"noise"``), both ends warped
        along their optical flow (``"flow"``) or frames (T, 3, H, W) of any number.
    power
        1: the sum of distances, which are squared feature distances (unbiased, with an
        exact certificate). 2: the sum of their squares.
    steps
        Optimiser steps on all levels together; by default as many as they need.
    coarse_to_fine
        Find paths of 2, 4, 8, ... transitions first.
    halvings
        Find paths of images half, a quarter, ... the size first: this many times.
    step_size
        First step size, in units of how far frames may have to go by place and band.
    draws
        Random draws per step, shared by all frames.
    pixel_weight
        Weight of the path's energy in mean square pixel differences, which settles what
        the metric leaves free; off by default.
    equal_steps
        Space the frames equally in perceptual length at the end.
    tolerance, patience
        Further reasons to stop, see `optim.StoppingCriteria`; off by default.
    chunk
        Frames on the tape at a time, memory against speed; by their size if not given.
    precision
        Of the network's arithmetic in gradients; energies are evaluated in float32.
    seed
        Same seed, same numbers.
    evaluation_draws
        Draws for the evaluation, disjoint from those of the optimisation.
    callbacks
        Called with the `RunState` after every step.

    Raises
    ------
    InputError
        Unusable images or options.

    References
    ----------
    .. [1] Kettunen et al., arXiv 1906.03973: discrete geodesics in E-LPIPS. The authors'
       code was never released; levels, solver and starts are this project's.
    """
    check_draws(evaluation_draws)
    problem = GeodesicProblem.of(
        start,
        end,
        frames,
        metric=metric,
        init=init,
        power=power,
        draws=draws,
        pixel_weight=pixel_weight,
        chunk=chunk,
        precision=precision,
        seed=seed,
    )
    levels = plan(problem, coarse_to_fine=coarse_to_fine, halvings=halvings, step_size=step_size)
    total = default_steps(levels) if steps is None else steps
    limits = make_limits(total, tolerance, patience)
    solution = minimise_path(levels, start_path(levels, seed), limits, callbacks)
    path = finish(levels, solution, equal_steps=equal_steps)
    evaluation = evaluate(problem, path, evaluation_draws, seed)
    return Geodesic(path, evaluation, solution, problem.reference)


def finish(levels: tuple[Level, ...], solution: Solution, *, equal_steps: bool = False) -> Tensor:
    """Return the path (N + 1, 3, H, W) of a solution on any level."""
    problem = levels[-1].problem
    path = problem.complete(on_finest(levels, solution.value))
    if equal_steps:
        path = reparametrise(path, problem.metric, problem.held_out_draws, problem.reference)
    return path


def evaluate(
    problem: GeodesicProblem,
    path: Tensor,
    draws: int,
    seed: int,
    progress: Callable[[int], object] | None = None,
) -> PathComparison:
    """Evaluate a path (N + 1, 3, H, W) on the evaluation draws of ``seed``."""
    return evaluate_path(
        path,
        problem.metric,
        power=problem.power,
        draws=draws,
        generator=stream(seed, "evaluate"),
        chunk=problem.chunk,
        progress=progress,
    )
