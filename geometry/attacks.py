"""Attacks: images that a metric judges wrongly, found by the solvers that find barycenters.

With a source r, an anchor b (r with a little noise), a metric d and the root mean square
pixel difference |.|, over images x in the box [0, 1]:

A1  least |x - t| for a target t, or most |x - r| without, subject to d(x, r) <= d(b, r);
A2  most d(x, r) subject to |x - r| <= |b - r|.

The problems are those of the E-LPIPS paper [1]_ in words; its algorithms were not published
with its code, and these are ours. For a stochastic metric d is the mean over its draws. Every
gradient is taken on one fresh draw, which x, r and b share; constraints are verified on draws
apart from these, and with every scale level in its share (`geometry.strata`).

A1 descends |x - t| + lambda d(x, r) in band coordinates while lambda rises where the
constraint is broken and falls where it is not (`optim.PrimalDualAdam`). The iterate average
that is best on held-out draws is then moved along the line through the source (on towards
the target where there is room) until the constraint is just kept on those draws. A2 takes
normalised gradient steps inside the ball (`optim.ProjectedMomentum`). Both start at the anchor and
stop after ``steps``; `docs/robustness.md` has what more steps and other starts change.

References
----------
.. [1] Kettunen, Härkönen, Lehtinen, arXiv 1906.03973, figures 1 to 3.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from ..metrics import InputError, Metric, Precision
from ..metrics.base import image_size
from ..metrics.seeds import stream, stream_seed
from ..optim import Callback, Solution, StoppingCriteria, minimise, start
from .attack_problem import ANCHOR_SIGMA, AttackKind, AttackProblem, rms
from .barycenter_evaluation import check_draws
from .strata import Strata

STEPS = {"a1": 300, "a2": 100}
"""Default steps of the attacks."""


@dataclass(frozen=True)
class AttackEvaluation:
    """What an attack has reached, on draws that it has not seen.

    Attributes
    ----------
    relative_l2
        |x - source| / |anchor - source|; at most 1 for A2.
    distance, distance_error
        d(x, source) and its standard error.
    level, level_error
        d(anchor, source) and its standard error.
    relative_distance, relative_distance_error
        Their quotient; at most 1 for A1, to the accuracy of the held-out draws.
    target_l2
        |x - target| / |source - target|, None without a target.
    draws
        Number of draws.
    """

    relative_l2: float
    distance: float
    distance_error: float
    level: float
    level_error: float
    relative_distance: float
    relative_distance_error: float
    target_l2: float | None
    draws: int


@dataclass(frozen=True)
class Attack:
    """The image (3, H, W) that an attack has found, its anchor, and what is known of it."""

    image: Tensor
    anchor: Tensor
    evaluation: AttackEvaluation
    solution: Solution


def attack(
    kind: AttackKind,
    source: Tensor,
    target: Tensor | None = None,
    *,
    metric: Metric | str = "elpips_vgg",
    sigma: float = ANCHOR_SIGMA,
    steps: int | None = None,
    precision: Precision = "auto",
    seed: int = 0,
    evaluation_draws: int = 64,
    callbacks: Iterable[Callback] = (),
) -> Attack:
    """Attack a metric at an image; see the module for the problems and the algorithm.

    Parameters
    ----------
    kind
        ``"a1"``: a different image at the anchor's metric distance. ``"a2"``: the metric's
        largest distance at the anchor's pixel distance.
    source, target
        Images (3, H, W) RGB in [0, 1], on the metric's device; a target for A1 only.
    metric
        The metric to attack, or the name of one.
    sigma
        Standard deviation of the Gaussian noise that makes the anchor.
    steps
        Optimiser steps; by default those of `STEPS`.
    precision
        Of the network's arithmetic in gradients; results are judged in float32.
    seed
        Of anchor and draws: same seed, same numbers.
    evaluation_draws
        Draws for the evaluation, disjoint from all others.
    callbacks
        Called with the `RunState` after every step.

    Raises
    ------
    InputError
        Unusable images or options.
    """
    check_draws(evaluation_draws)
    problem = AttackProblem.of(
        kind,
        source,
        target,
        metric=metric,
        sigma=sigma,
        precision=precision,
        seed=seed,
    )
    solver = problem.solver()
    run = start(problem, solver, problem.anchor, stream_seed(seed, "optimise"))
    solution = minimise(problem, solver, run, attack_limits(kind, steps), callbacks)
    image = problem.tighten(solution.value)
    evaluation = evaluate_attack(problem, image, evaluation_draws, seed)
    return Attack(image[0], problem.anchor[0], evaluation, solution)


def attack_limits(kind: AttackKind, steps: int | None) -> StoppingCriteria:
    """Return the limits of a run of ``steps`` or the default, or raise `InputError`."""
    try:
        return StoppingCriteria(STEPS[kind] if steps is None else steps, evaluate_every=100)
    except ValueError as error:
        raise InputError(str(error)) from None


@torch.no_grad()
def evaluate_attack(
    problem: AttackProblem, image: Tensor, draws: int, seed: int
) -> AttackEvaluation:
    """Evaluate an image (1, 3, H, W) on the evaluation draws of ``seed``."""
    check_draws(draws)
    metric, source, target = problem.metric, problem.source, problem.target
    points = torch.cat([source, problem.anchor, image])
    strata = Strata.of(metric, image_size(source), draws, stream(seed, "evaluate"))
    rows = []
    for draw in strata.draws:
        embedding = metric.embed(points, draw)
        rows.append(metric.distance(embedding[1:], embedding[0]).double().cpu())
    samples = torch.stack(rows)
    level, distance = strata.mean(samples).tolist()
    level_error, error = strata.standard_error(samples).tolist()
    quotient = distance / level
    # The draws are shared: the quotient's error is that of its linearisation.
    linearised = (samples[:, 1] - quotient * samples[:, 0]) / level
    return AttackEvaluation(
        relative_l2=rms(image - source) / problem.radius,
        distance=distance,
        distance_error=error,
        level=level,
        level_error=level_error,
        relative_distance=quotient,
        relative_distance_error=float(strata.standard_error(linearised)),
        target_l2=None if target is None else rms(image - target) / rms(source - target),
        draws=len(samples),
    )
