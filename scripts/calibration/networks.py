"""Metrics to try on a 2AFC set, each with all linear weights to try on its features."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from ...geometry.ranks import Constant, active
from ...geometry.sharing import shared_out
from ...metrics import Draw, InputError, Metric, available_metrics
from ...metrics.base import image_size
from ...metrics.channels import channel_distances, linear_weights, unit_weighted
from ...metrics.lipschitz import LipSim
from ...metrics.perceptual import PerceptualMetric
from ...metrics.seeds import check_seed
from ...metrics.weights import load_linear, load_own
from ..runs.options import make_metrics
from .dataset import Family, Triplets

OWN = "own"
"""In place of a file of linear weights: the calibration that comes along."""

_TRIPLETS = 10


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

    @property
    def device(self) -> torch.device:
        """The device that it is on."""
        return next((each.device for each in self.metric.buffers()), torch.device("cpu"))

    def to(self, device: torch.device | str) -> Network:
        """Return it on a device."""
        linear = {name: values.to(device) for name, values in self.linear.items()}
        return Network(copy.deepcopy(self.metric).to(device), linear)

    def passes(self, draws: int) -> int:
        """Return how often it measures a triplet, of so many draws."""
        return draws if self.metric.stochastic else 1


@dataclass(frozen=True)
class _Batch:
    """Triplets, and of each network the draws that they are measured on."""

    triplets: Triplets
    draws: Sequence[Sequence[Draw]]


def make_networks(
    metrics: Sequence[str], linear: Sequence[Path], agree_with: str | None, device: torch.device
) -> tuple[list[Network], str | None]:
    """Return the networks to run, with all their linear weights, and the name of the reference.

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
    first, networks = names[0], []
    for made in make_metrics(names, device, _unscaled):
        if not isinstance(made, PerceptualMetric):
            networks.append(Network(made))
            continue
        by_name = {made.name: torch.cat(linear_weights(made))}
        for path in () if networks else files:
            loaded = (load_own(first) if str(path) == OWN else load_linear(first, path)).tensors
            parts = [loaded[f"lin{index}"] for index in range(len(loaded))]
            by_name[str(path)] = torch.cat(parts).to(device)
        networks.append(Network(made, by_name))
    if files and not networks[0].linear:
        raise InputError(f"--linear, --agree-with: {first} has no linear weights")
    return networks, reference


def _unscaled(name: str) -> dict[str, bool]:
    """Return the options with which an ensemble is without its scale transform."""
    return {"scale": False} if name.startswith("elpips_") else {}


def measure(
    family: Family,
    networks: Sequence[Network],
    draws: int,
    seed: int,
    advance: Callable[[int], object] = lambda count: None,
) -> dict[str, Tensor]:
    """Return the mean distances (2, N) in float64 of p0 and p1 to the reference, by name.

    All networks get the same draws of their ensembles. Ranks of torchrun share the triplets out,
    and the numbers are those of one process; then ``advance`` is called once.

    Raises
    ------
    InputError
        The seed is none, or a triplet cannot be read.
    """
    check_seed(seed)
    alone = active() is None
    function = partial(_measured, advance=advance) if alone else _measured
    shared = [Constant(each) for each in networks]
    parts = [*shared_out(function, _batches(family, networks, draws, seed), *shared)]
    if not alone:
        advance(len(family) * sum(each.passes(draws) for each in networks))
    return {name: torch.cat([each[name] for each in parts], dim=1) for name in parts[0]}


def _batches(
    family: Family, networks: Sequence[Network], draws: int, seed: int
) -> Iterator[_Batch]:
    """Yield batches of triplets with their draws, which so do not depend on who measures."""
    generators = [torch.Generator().manual_seed(seed) for _ in networks]
    for start in range(0, len(family), _TRIPLETS):
        triplets = family.load(family.stems[start : start + _TRIPLETS])
        size, batch = image_size(triplets.ref), len(triplets)
        drawn = [
            [each.metric.draw(size, rng, batch=batch) for _ in range(each.passes(draws))]
            for each, rng in zip(networks, generators, strict=True)
        ]
        yield _Batch(triplets, drawn)


@torch.no_grad()
def _measured(
    batch: _Batch,
    *networks: Network,
    advance: Callable[[int], object] = lambda count: None,
) -> dict[str, Tensor]:
    """Return the distances (2, N) of a batch by name."""
    found: dict[str, Tensor] = {}
    for network, draws in zip(networks, batch.draws, strict=True):
        found |= triplet_distances(network, batch.triplets, draws, advance)
    return found


def triplet_distances(
    network: Network,
    triplets: Triplets,
    draws: Sequence[Draw],
    advance: Callable[[int], object] = lambda count: None,
) -> dict[str, Tensor]:
    """Return the mean distances (2, N) of triplets over draws, by name."""
    metric = network.metric
    runner = unit_weighted(metric) if isinstance(metric, PerceptualMetric) else metric
    device = torch.device("cpu")
    if isinstance(metric, (PerceptualMetric, LipSim)):
        device = metric.device
    images = [each.to(device) for each in (triplets.ref, triplets.p0, triplets.p1)]
    sums = {name: torch.zeros(2, len(triplets), dtype=torch.float64) for name in network.names}
    for draw in draws:
        ref, *others = (runner.embed(each, draw) for each in images)
        if network.linear:
            channels = [torch.cat(channel_distances(ref, each), dim=1) for each in others]
            for name, linear in network.linear.items():
                sums[name] += torch.stack([each @ linear for each in channels]).double().cpu()
        else:
            values = torch.stack([runner.distance(ref, each) for each in others])
            sums[metric.name] += values.double().cpu()
        advance(len(triplets))
    return {name: total / len(draws) for name, total in sums.items()}
