"""Barycenters: the image that minimises the weighted sum of distances to several images."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from ..metrics import InputError, Metric, Precision
from ..metrics.seeds import stream, stream_seed
from ..optim import (
    Callback,
    PaperAdam,
    PreconditionedAdam,
    Solution,
    Solver,
    StoppingCriteria,
    minimise,
    start,
)
from .barycenter_evaluation import BarycenterEvaluation, check_draws, evaluate_barycenter
from .barycenter_problem import BarycenterProblem, Init

Schedule = Literal["adaptive", "released"]


@dataclass(frozen=True)
class Barycenter:
    """A barycenter and what is known about it.

    Attributes
    ----------
    image
        (3, H, W) RGB in [0, 1].
    evaluation
        Objective, certificate and baselines on draws that nothing else has seen.
    solution
        How the solver got there.
    """

    image: Tensor
    evaluation: BarycenterEvaluation
    solution: Solution


def barycenter(
    images: Tensor,
    weights: Sequence[float] | None = None,
    *,
    metric: Metric | str = "elpips_vgg",
    init: Init | Tensor = "blend",
    power: int = 1,
    steps: int = 400,
    schedule: Schedule = "adaptive",
    draws: int = 1,
    subset: int | None = None,
    tolerance: float = 0.0,
    patience: int = 0,
    precision: Precision = "auto",
    seed: int = 0,
    evaluation_draws: int = 64,
    callbacks: Iterable[Callback] = (),
) -> Barycenter:
    """Compute the image x that minimises sum_k w_k D(x, a_k)^power, the Fréchet mean.

    Parameters
    ----------
    images
        The inputs a_k, (K, 3, H, W) RGB in [0, 1], on the metric's device.
    weights
        K non-negative numbers, normalised to sum 1; uniform by default.
    metric
        The distance D, or the name of one.
    init
        Start from the weighted pixel mean (``"blend"``), Gaussian noise as released
        (``"noise"``), the input of largest weight (``"image"``) or a tensor (3, H, W).
    power
        1: the sum of E-LPIPS distances, which are squared feature distances (unbiased,
        with a tight certificate). 2: the sum of their squares, as in the release.
    steps
        Optimiser steps.
    schedule
        ``"adaptive"``: steps scaled to the images (`SpreadAdam`). ``"released"``: the
        authors' (`PaperAdam`), meant for 100,000 steps.
    draws
        Random draws per step, shared by all images.
    subset
        How many inputs, drawn at random by weight, a step looks at; all by default.
    tolerance, patience
        Further reasons to stop, see `optim.StoppingCriteria`; off by default.
    precision
        Of the network's arithmetic in gradients; objectives are evaluated in float32.
    seed
        Same seed, same numbers.
    evaluation_draws
        Draws for the evaluation, disjoint from those of the optimisation.
    callbacks
        Called with the `RunState` after every step.

    Raises
    ------
    InputError
        Unusable images, weights or options.

    References
    ----------
    .. [1] Kettunen et al., arXiv 1906.03973, section on barycenters; released as
       ``ex_pairwise_average.py`` (power 2, all inputs) and ``ex_bary10.py`` (subset 1).
    """
    limits = make_limits(steps, tolerance, patience)
    check_draws(evaluation_draws)
    problem = BarycenterProblem.of(
        images,
        weights,
        metric=metric,
        init=init,
        power=power,
        draws=draws,
        subset=subset,
        precision=precision,
        seed=seed,
    )
    solver = make_solver(problem, schedule)
    run = start(problem, solver, problem.initial, stream_seed(seed, "optimise"))
    solution = minimise(problem, solver, run, limits, callbacks)
    image = solution.value[0]
    evaluation = evaluate(problem, image, evaluation_draws, seed)
    return Barycenter(image, evaluation, solution)


def evaluate(
    problem: BarycenterProblem, image: Tensor, draws: int, seed: int
) -> BarycenterEvaluation:
    """Evaluate ``image`` (3, H, W) on the evaluation draws of ``seed``."""
    return evaluate_barycenter(
        image,
        problem.images,
        problem.weights,
        problem.metric,
        power=problem.power,
        draws=draws,
        generator=stream(seed, "evaluate"),
    )


def make_limits(steps: int, tolerance: float = 0.0, patience: int = 0) -> StoppingCriteria:
    """Return the limits of a run, or raise `InputError`."""
    try:
        return StoppingCriteria(steps, tolerance, patience)
    except ValueError as error:
        raise InputError(str(error)) from None


def make_solver(problem: BarycenterProblem, schedule: Schedule) -> Solver:
    """Return the solver of a schedule."""
    if schedule == "released":
        return PaperAdam()
    if schedule == "adaptive":
        return PreconditionedAdam(problem.spread())
    raise InputError(f"schedule: found {schedule!r}, expected 'adaptive' or 'released'")
