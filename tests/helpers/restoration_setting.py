"""A restoration experiment as small as a test needs."""

from __future__ import annotations

import torch
from torch import Tensor

from elpips.scripts.benchmarks.restoration_network import Training

SMALL = Training(steps=2, warmup=0, batch=2, crop=16, channels=4, layers=3)


def stripes(seed: int) -> Tensor:
    """Sharp coloured stripes (3, 48, 48) of random direction."""
    rng = torch.Generator().manual_seed(seed)
    y, x = torch.meshgrid(torch.arange(48.0), torch.arange(48.0), indexing="ij")
    a, b = torch.rand(2, generator=rng)
    colours = torch.rand(2, 3, 1, 1, generator=rng)
    return torch.where(torch.sin(a * x + b * y) > 0, colours[0], colours[1])


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(1)
