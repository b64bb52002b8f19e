"""2AFC scores: distances of triplets under several calibrations, and what they agree with."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from scipy.stats import spearmanr
from torch import Tensor

from ...metrics import InputError, Metric, available_metrics
from ...metrics.base import image_size
from ...metrics.channels import channel_distances, linear_weights, unit_weighted
from ...metrics.perceptual import PerceptualMetric
from ...metrics.statistics import Mean, mean_of
from ...metrics.weights import load_linear, load_own
from ..runs.options import make_metric
from .dataset import Family, Triplets

OWN = "own"
"""In place of a file of linear weights: the calibration that comes along."""

_BATCH = 10


@dataclass(frozen=True)
class Network:
    """A metric and the linear weights to try on its features, by the names to show.

    ``linear`` is empty for a metric without any.
    """

    metric: Metric
    linear: Mapping[str, Tensor] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """Names of what it measures."""
        return list(self.linear) or [self.metric.name]


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


def make_networks(
    metrics: Sequence[str], linear: Sequence[Path], agree_with: str | None, device: torch.device
) -> tuple[list[Network], str | None]:
    """Return the networks to run, with all their weights, and the name of the reference.

    Files go with the first metric.

    Raises
    ------
    InputError
        There is no such metric, file or network for it.
    """
    if not metrics:
        raise InputError("found no --metric, expected at least one")
    files = list(dict.fromkeys(linear))
    names = list(dict.fromkeys(metrics))
    reference = agree_with
    if agree_with in available_metrics():
        names = list(dict.fromkeys([*names, agree_with]))
    elif agree_with is not None:
        if agree_with != OWN and not Path(agree_with).exists():
            raise InputError(
                f"--agree-with {agree_with}: no such file, and no metric ({available_metrics()})"
            )
        files = list(dict.fromkeys([*files, Path(agree_with)]))
        reference = str(Path(agree_with))
    networks = []
    for name in names:
        options = {"scale": False} if name.startswith("elpips_") else {}
        made = make_metric(name, device, **options)
        if not isinstance(made, PerceptualMetric):
            networks.append(Network(made))
            continue
        weights = {name: torch.cat(linear_weights(made))}
        for path in files if name == names[0] else ():
            loaded = (load_own(name) if str(path) == OWN else load_linear(name, path)).tensors
            parts = [loaded[f"lin{index}"] for index in range(len(loaded))]
            weights[str(path)] = torch.cat(parts).to(device)
        networks.append(Network(made, weights))
    if files and not networks[0].linear:
        raise InputError(f"--linear, --agree-with: {names[0]} has no linear weights")
    return networks, reference


@torch.no_grad()
def measure(
    family: Family,
    networks: Sequence[Network],
    draws: int,
    seed: int,
    advance: Callable[[int], object] = lambda count: None,
) -> dict[str, Tensor]:
    """Return the mean distances (2, N) in float64 of p0 and p1 to the reference, by name.

    All networks get the same draws of their ensembles.
    """
    generators = [torch.Generator().manual_seed(seed) for _ in networks]
    parts: dict[str, list[Tensor]] = {name: [] for each in networks for name in each.names}
    for triplets in family.batches(_BATCH):
        for network, rng in zip(networks, generators, strict=True):
            for name, values in triplet_distances(network, triplets, draws, rng, advance).items():
                parts[name].append(values)
    return {name: torch.cat(values, dim=1) for name, values in parts.items()}


def triplet_distances(
    network: Network,
    triplets: Triplets,
    draws: int,
    rng: torch.Generator,
    advance: Callable[[int], object] = lambda count: None,
) -> dict[str, Tensor]:
    """Return the mean distances (2, N) of triplets over draws of their own, by name."""
    metric = network.metric
    runner = unit_weighted(metric) if isinstance(metric, PerceptualMetric) else metric
    device = metric.device if isinstance(metric, PerceptualMetric) else torch.device("cpu")
    images = [each.to(device) for each in (triplets.ref, triplets.p0, triplets.p1)]
    sums: dict[str, Any] = dict.fromkeys(network.names, 0.0)
    count = draws if metric.stochastic else 1
    for _ in range(count):
        draw = runner.draw(image_size(triplets.ref), rng, batch=len(triplets))
        ref, *others = (runner.embed(each, draw) for each in images)
        if network.linear:
            channels = [torch.cat(channel_distances(ref, each), dim=1) for each in others]
            for name, weights in network.linear.items():
                sums[name] += torch.stack([each @ weights for each in channels]).double().cpu()
        else:
            values = torch.stack([runner.distance(ref, each) for each in others])
            sums[metric.name] += values.double().cpu()
        advance(len(triplets))
    return {name: total / count for name, total in sums.items()}


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
