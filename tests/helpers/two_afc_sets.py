"""A small 2AFC set, and the tiny metric under a name that the commands know."""

from __future__ import annotations

from pathlib import Path

import torch

from elpips.metrics import Ensemble, recipes
from elpips.metrics.channels import unit_weighted
from elpips.metrics.weights.read import read_plain
from elpips.scripts.calibration import calibrate, networks
from elpips.scripts.calibration.dataset import write_triplet
from elpips.scripts.runs import options
from tiny_metric import tiny

SIDE = 24


def write_set(folder: Path, families: dict[str, int], judge=None) -> None:
    """Write families of noisy grey triplets; p1 is the noisier one of odd triplets."""
    for family, count in families.items():
        for index in range(count):
            rng = torch.Generator().manual_seed(index + 100 * len(family))
            ref = 0.3 + 0.4 * torch.rand(3, SIDE, SIDE, generator=rng)
            noise = torch.randn(2, 3, SIDE, SIDE, generator=rng)
            sizes = (0.02, 0.1) if index % 2 else (0.1, 0.02)
            copies = [(ref + s * n).clamp(0, 1) for s, n in zip(sizes, noise, strict=True)]
            h = (0.1 if index % 2 else 0.9) if judge is None else judge(index)
            write_triplet(folder / family, f"{index:06d}", torch.stack([ref, *copies]), h)


def use_tiny_metric(monkeypatch) -> None:
    """Let "tiny" be a metric with two layers that can be calibrated and evaluated."""
    monkeypatch.setitem(recipes.CHANNELS, "tiny", (3, 5))

    def still(name, device):
        del name, device
        return unit_weighted(tiny())

    known = options.make_metric

    def make(name, device, **ensemble):
        return tiny(Ensemble(scale=False)) if name == "tiny" else known(name, device, **ensemble)

    def load(name, path):
        return read_plain(path, name, name)

    monkeypatch.setattr(calibrate, "still_metric", still)
    monkeypatch.setattr(options, "make_metric", make)
    monkeypatch.setattr(networks, "load_linear", load)
