"""Metrics to try on a 2AFC set, each with all linear weights to try on its features."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from ...geometry.company import Alone, Company
from ...geometry.ranks import active
from ...metrics import InputError, Metric, available_metrics
from ...metrics.base import image_size
from ...metrics.channels import channel_distances, linear_weights, unit_weighted
from ...metrics.lipschitz import LipSim
from ...metrics.perceptual import PerceptualMetric
from ...metrics.seeds import check_seed
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

    @property
    def device(self) -> str:
        """The kind of device that it is on."""
        return next((each.device.type for each in self.metric.buffers()), "cpu")

    def on(self, device: str) -> Network:
        """Return it on a device of a kind: itself, or a copy."""
        if device == self.device:
            return self
        linear = {name: values.to(device) for name, values in self.linear.items()}
        return Network(copy.deepcopy(self.metric).to(device), linear)


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
    networks = []
    for name in names:
        options = {"scale": False} if name.startswith("elpips_") else {}
        made = make_metric(name, device, **options)
        if not isinstance(made, PerceptualMetric):
            networks.append(Network(made))
            continue
        by_name = {name: torch.cat(linear_weights(made))}
        for path in files if name == names[0] else ():
            loaded = (load_own(name) if str(path) == OWN else load_linear(name, path)).tensors
            parts = [loaded[f"lin{index}"] for index in range(len(loaded))]
            by_name[str(path)] = torch.cat(parts).to(device)
        networks.append(Network(made, by_name))
    if files and not networks[0].linear:
        raise InputError(f"--linear, --agree-with: {names[0]} has no linear weights")
    return networks, reference


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
    devices = [each.device for each in networks]
    if (ranks := active()) is None:
        return _share(Alone(), family, networks, devices, draws, seed, advance)
    found = ranks.call(_share, family, [each.on("cpu") for each in networks], devices, draws, seed)
    advance(len(family) * sum(draws if each.metric.stochastic else 1 for each in networks))
    return found


@torch.no_grad()
def _share(
    ranks: Company,
    family: Family,
    networks: Sequence[Network],
    devices: Sequence[str],
    draws: int,
    seed: int,
    advance: Callable[[int], object] = lambda count: None,
) -> dict[str, Tensor]:
    """Return the same of all triplets, of which each rank measures batches in turn.

    ``devices`` are the kinds of those that the networks are to be on.
    """
    networks = [each.on(device) for each, device in zip(networks, devices, strict=True)]
    names = [name for each in networks for name in each.names]
    found = {name: torch.zeros(2, len(family), dtype=torch.float64) for name in names}
    generators = [torch.Generator().manual_seed(seed) for _ in networks]
    for number, start in enumerate(range(0, len(family), _BATCH)):
        stems = family.stems[start : start + _BATCH]
        if number % ranks.size != ranks.rank:
            # What others measure takes its draws, so that these do not depend on who measures.
            size = image_size(family.load(stems[:1]).ref)
            for network, rng in zip(networks, generators, strict=True):
                for _ in range(draws if network.metric.stochastic else 1):
                    network.metric.draw(size, rng, batch=len(stems))
            continue
        triplets = family.load(stems)
        for network, rng in zip(networks, generators, strict=True):
            for name, values in triplet_distances(network, triplets, draws, rng, advance).items():
                found[name][:, start : start + len(stems)] = values
    return {name: ranks.total(values) for name, values in found.items()}


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
    device = torch.device("cpu")
    if isinstance(metric, (PerceptualMetric, LipSim)):
        device = metric.device
    images = [each.to(device) for each in (triplets.ref, triplets.p0, triplets.p1)]
    sums = {name: torch.zeros(2, len(triplets), dtype=torch.float64) for name in network.names}
    count = draws if metric.stochastic else 1
    for _ in range(count):
        draw = runner.draw(image_size(triplets.ref), rng, batch=len(triplets))
        ref, *others = (runner.embed(each, draw) for each in images)
        if network.linear:
            channels = [torch.cat(channel_distances(ref, each), dim=1) for each in others]
            for name, linear in network.linear.items():
                sums[name] += torch.stack([each @ linear for each in channels]).double().cpu()
        else:
            values = torch.stack([runner.distance(ref, each) for each in others])
            sums[metric.name] += values.double().cpu()
        advance(len(triplets))
    return {name: total / count for name, total in sums.items()}
