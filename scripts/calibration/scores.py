"""2AFC scores of the networks on a set, and what their distances agree with."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from scipy.stats import spearmanr
from torch import Tensor
from tqdm import tqdm

from ...metrics.statistics import Mean, mean_of
from .dataset import Family
from .networks import Network, measure
from .preferences import two_afc_scores


@dataclass(frozen=True)
class Likeness:
    """How alike two calibrations are.

    Attributes
    ----------
    spearman
        Rank correlation of the distances of all pairs.
    agreement
        Share of the triplets where both find the same alternative closer, with its error.
    """

    spearman: float
    agreement: Mean


@dataclass(frozen=True)
class Evaluation:
    """What a set says of networks.

    Attributes
    ----------
    scores
        2AFC scores by family and by name.
    means
        Over families, which count alike, by name.
    likeness
        To the reference, by family ("all": over all of them) and by name; empty without one.
    """

    scores: Mapping[str, Mapping[str, Mean]]
    means: Mapping[str, Mean]
    likeness: Mapping[str, Mapping[str, Likeness]]


def evaluate(
    families: Sequence[Family],
    networks: Sequence[Network],
    reference: str | None = None,
    *,
    draws: int,
    seed: int,
) -> Evaluation:
    """Measure the networks on each family, with a bar of all triplets and draws.

    Parameters
    ----------
    families
        At least one.
    networks
        What to measure.
    reference
        The name, of those of the networks, that all others are compared with.
    draws
        Of metrics that draw; the two alternatives of a triplet share them.
    seed
        Same seed, same draws; they begin anew in each family.

    Raises
    ------
    InputError
        The seed is none, or a triplet cannot be read.
    """
    passes = sum(draws if each.metric.stochastic else 1 for each in networks)
    distances: dict[str, dict[str, Tensor]] = {}
    scores: dict[str, dict[str, Mean]] = {}
    with tqdm(total=passes * sum(map(len, families)), desc="triplets x draws", disable=None) as bar:
        for family in families:
            judge = family.judgements(family.stems).double()
            found = measure(family, networks, draws, seed, bar.update)
            distances[family.name] = found
            scores[family.name] = {
                name: mean_of(two_afc_scores(values[0], values[1], judge))
                for name, values in found.items()
            }
    alike = {} if reference is None else likeness(distances, reference)
    return Evaluation(scores, mean_scores(scores), alike)


def mean_scores(scores: Mapping[str, Mapping[str, Mean]]) -> dict[str, Mean]:
    """Return the means over families, which count alike, by name."""
    result = {}
    for name in next(iter(scores.values())):
        each = [of_family[name] for of_family in scores.values()]
        error = math.sqrt(sum(value.standard_error**2 for value in each)) / len(each)
        result[name] = Mean(sum(value.mean for value in each) / len(each), error)
    return result


def likeness(
    distances: Mapping[str, Mapping[str, Tensor]], reference: str
) -> dict[str, dict[str, Likeness]]:
    """Compare all measures with one, over all families ("all") and in each."""
    pooled = {
        name: torch.cat([of_family[name] for of_family in distances.values()], dim=1)
        for name in next(iter(distances.values()))
    }
    groups = {"all": pooled, **distances}
    return {
        group: {
            name: _alike(values, measured[reference])
            for name, values in measured.items()
            if name != reference
        }
        for group, measured in groups.items()
    }


def _alike(a: Tensor, b: Tensor) -> Likeness:
    same = ((a[0] - a[1]).sign() == (b[0] - b[1]).sign()).double()
    correlation = spearmanr(a.flatten().numpy(), b.flatten().numpy())
    return Likeness(float(correlation.statistic), mean_of(same))
