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
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from ..metrics import DEFAULT_METRIC, Metric
from ..metrics.base import image_size
from ..metrics.seeds import stream, stream_seed
from ..optim import Callback, RunState, Solution, StopReason, minimise, start
from .attack_problem import AttackKind, AttackProblem, rms
from .identity import check_identity
from .options import AttackOptions, check_draws, choose_options
from .progress import steps_bar
from .soundness import check_fits
from .strata import Strata

STEPS: dict[AttackKind, int] = {"a1": 300, "a2": 100}
"""Default steps of the attacks."""

_INTERRUPTED_DRAWS = 8


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
    """The image that an attack has found, and what is known of it.

    Attributes
    ----------
    image
        (3, H, W) RGB in [0, 1].
    problem, options
        What was solved, and how.
    solution
        How the solver got there.
    """

    image: Tensor = field(repr=False)
    problem: AttackProblem = field(repr=False)
    options: AttackOptions
    solution: Solution = field(repr=False)

    @property
    def anchor(self) -> Tensor:
        """The noisy copy (3, H, W) of the source that it is compared with."""
        return self.problem.anchor[0]

    @property
    def stop_reason(self) -> StopReason:
        """Why the solver stopped."""
        return self.solution.result

    @cached_property
    def evaluation(self) -> AttackEvaluation:
        """What has been reached, on draws that nothing else has seen.

        Computed when it is first asked for; on few draws after Ctrl-C.
        """
        draws = self.options.evaluation_draws
        if self.solution.interrupted:
            draws = min(draws, _INTERRUPTED_DRAWS)
        return evaluate_attack(self.problem, self.image, draws=draws, seed=self.options.seed)


def attack(
    kind: AttackKind,
    source: Tensor,
    target: Tensor | None = None,
    options: AttackOptions | None = None,
    *,
    metric: Metric | str = DEFAULT_METRIC,
    run: RunState | None = None,
    callbacks: Iterable[Callback] = (),
    progress: str | None = None,
    **overrides: Any,
) -> Attack:
    """Attack a metric at an image; see the module for the problems and the algorithm.

    Parameters
    ----------
    kind
        ``"a1"``: a different image at the anchor's metric distance. ``"a2"``: the metric's
        largest distance at the anchor's pixel distance.
    source, target
        Images (3, H, W) RGB in [0, 1], on the metric's device; a target for A1 only.
    options
        How; the defaults of `AttackOptions` if not given.
    metric
        The metric to attack, or the name of one.
    run
        The state of an earlier run of the same problem, to go on from; see `load_run`.
    callbacks
        Called with the `RunState` after every step.
    progress
        Label of a progress bar on standard error; none if not given.
    **overrides
        Fields of `AttackOptions` that replace those of ``options``.

    Raises
    ------
    InputError
        Unusable images or options, or ``run`` is of another problem.
    """
    options = choose_options(options or AttackOptions(), overrides)
    problem = AttackProblem.of(kind, source, target, options, metric=metric)
    solver = problem.solver()
    if run is None:
        seed = stream_seed(options.seed, "optimise")
        run = start(problem, solver, problem.anchor, seed, problem.identity)
    run = check_fits(check_identity(run, problem.identity), solver, problem.anchor)
    criteria = options.criteria(STEPS[kind])
    with steps_bar(progress, criteria.steps, run.step) as bar:
        solution = minimise(problem, solver, run, criteria, [bar, *callbacks])
    return Attack(problem.tighten(solution.value)[0], problem, options, solution)


@torch.no_grad()
def evaluate_attack(
    problem: AttackProblem, image: Tensor, *, draws: int = 64, seed: int = 0
) -> AttackEvaluation:
    """Evaluate an image (3, H, W) on the evaluation draws of ``seed``."""
    check_draws(draws)
    metric, source, target = problem.metric, problem.source, problem.target
    points = torch.cat([source, problem.anchor, image[None]])
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
        relative_l2=rms(image - source[0]) / problem.radius,
        distance=distance,
        distance_error=error,
        level=level,
        level_error=level_error,
        relative_distance=quotient,
        relative_distance_error=float(strata.standard_error(linearised)),
        target_l2=None if target is None else rms(image - target[0]) / rms(source - target),
        draws=len(samples),
    )
