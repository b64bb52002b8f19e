"""Images of noise: where solvers may start, and the noisy copies that attacks compare with."""

from __future__ import annotations

import torch
from torch import Tensor

from ..metrics.seeds import stream


def noise_images(like: Tensor, count: int, seed: int) -> Tensor:
    """Return ``count`` images (count, 3, H, W) of noise, sized as ``like`` (..., 3, H, W).

    Normal with mean 1/2 and deviation 1/5, kept inside (0, 1), as barycenters start in the
    release (``ex_pairwise_average.py``).
    """
    noise = torch.randn((count, *like.shape[-3:]), generator=stream(seed, "init"))
    return (0.5 + 0.2 * noise).clamp(1e-5, 1 - 1e-5).to(like)


def noisy(images: Tensor, sigma: float, seed: int) -> Tensor:
    """Add white Gaussian noise to images (N, 3, H, W) and cut to [0, 1]."""
    noise = torch.randn(images.shape, generator=stream(seed, "init"))
    return (images + sigma * noise.to(images)).clamp(0, 1)
