"""Images of noise, the same for the same seed."""

from __future__ import annotations

import torch


def images(n: int = 2, height: int = 17, width: int = 11, seed: int = 0) -> torch.Tensor:
    """Return n images (n, 3, height, width) of uniform noise in [0, 1]."""
    return torch.rand(n, 3, height, width, generator=rng(seed))


def rng(seed: int = 0) -> torch.Generator:
    """Return a fresh generator."""
    return torch.Generator().manual_seed(seed)
