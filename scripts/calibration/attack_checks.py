"""Checks of attacks: a weak attack flatters a metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import torch

from ...metrics import Metric
from .attacked import with_images
from .dataset import Triplets
from .set_attack import Outcome, SetAttackOptions, attack_triplets, margins

# Shares of the radii, and of the steps, that are tried; triplets that they are tried on.
_RADII = (1.0, 4.0, 16.0)
_STEPS = (0.1, 0.3, 1.0)
_TRIPLETS = 24
# Accuracy in the largest ball that is as good as none.
_NOTHING = 0.02
# Triplets by which more steps, or another metric's images, may do better by chance.
_CHANCE = 1


@dataclass(frozen=True)
class Check:
    """One check: what it says in a line, and whether it passed."""

    line: str
    passed: bool


def check_attacks(
    metrics: Sequence[Metric],
    triplets: Triplets,
    outcomes: Mapping[str, Outcome],
    options: SetAttackOptions,
) -> list[Check]:
    """Check the attacks on each metric; see the functions below.

    Growth and steps on some of the triplets, evenly spread; transfer on all.
    """
    found = []
    rows = torch.arange(0, len(triplets), max(1, len(triplets) // _TRIPLETS))[:_TRIPLETS]
    some = triplets[rows]
    for metric in metrics:
        found += [check_growth(metric, some, options), check_steps(metric, some, options)]
        found += check_transfer(metric, triplets, outcomes, options)
    return found


def check_growth(metric: Metric, triplets: Triplets, options: SetAttackOptions) -> Check:
    """Check that accuracy falls to nothing as balls grow."""
    values = [
        _accuracy(attack_triplets(metric, triplets, _one_ball(options, factor)))
        for factor in _RADII
    ]
    falls = all(later <= earlier for earlier, later in pairwise(values))
    passed = falls and values[-1] <= _NOTHING
    return _check(f"{metric.name}: balls of {_RADII} times the radius", values, passed)


def check_steps(metric: Metric, triplets: Triplets, options: SetAttackOptions) -> Check:
    """Check that more steps leave no more accuracy, but for chance."""
    counts = [max(1, round(share * options.steps)) for share in _STEPS]
    settings = [replace(_one_ball(options, 1.0), steps=count) for count in counts]
    values = [_accuracy(attack_triplets(metric, triplets, each)) for each in settings]
    slack = _CHANCE / len(triplets)
    falls = all(later <= earlier + slack for earlier, later in pairwise(values))
    return _check(f"{metric.name}: {counts} steps", values, falls)


def check_transfer(
    metric: Metric,
    triplets: Triplets,
    outcomes: Mapping[str, Outcome],
    options: SetAttackOptions,
) -> list[Check]:
    """Check that images that fool other metrics do not fool this one more than its own do."""
    found = []
    own = outcomes[metric.name]
    for name, other in outcomes.items():
        if name == metric.name:
            continue
        for ball, images in other.images.items():
            moved = with_images(triplets, options.attacked, images.to(triplets.ref.device))
            transferred = float((margins(metric, moved, options) < 0).double().mean())
            white_box = float((own.attacked[ball] < 0).double().mean())
            passed = white_box <= transferred + _CHANCE / len(triplets)
            line = f"{metric.name}: {ball}, images that fool {name}, beside its own"
            found.append(_check(line, [transferred, white_box], passed))
    return found


def _one_ball(options: SetAttackOptions, factor: float) -> SetAttackOptions:
    """Return the options with the first of the balls only, ``factor`` times as large."""
    ball = options.balls[0]
    radius = (factor * ball.epsilon,)
    linf = ball.norm == "linf"
    return replace(options, linf=radius if linf else (), l2=() if linf else radius)


def _accuracy(outcome: Outcome) -> float:
    (values,) = outcome.attacked.values()
    return float((values < 0).double().mean())


def _check(what: str, accuracies: Sequence[float], passed: bool) -> Check:
    shown = ", ".join(f"{each:.1%}" for each in accuracies)
    return Check(f"{'ok  ' if passed else 'FAIL'}  {what}: accuracy {shown}", passed)
