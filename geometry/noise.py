"""Images of noise: where solvers may start, and the noisy copies that attacks compare with."""

from __future__ import annotations

import torch
from torch import Tensor

from ..metrics.seeds import stream
from ..metrics.tiling import NO_WRAP, Wrap
from .bands import split
from .crisp_fade import local_mean

_TINY = 1e-12
_LEAST = 1e-3


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


def texture_noise(images: Tensor, weights: Tensor, seed: int, wrap: Wrap = NO_WRAP) -> Tensor:
    """Return images that have in common with their inputs only what these share.

    Each band of detail is the weighted mean of the inputs as far as they agree around a
    place, and for the rest a grey noise, the same in all results, until its local mean square
    is the mean of theirs. So contrast and detail are right, and there are no outlines that
    only one of the inputs has. What is coarser is the mean.

    Parameters
    ----------
    images
        Inputs (K, 3, H, W) in [0, 1].
    weights
        (T, K), each row the weights of one result: not negative, with the sum 1.
    seed
        Of the noise.
    wrap
        Axes (y, x) on which images repeat.

    Returns
    -------
    Tensor
        (T, 3, H, W) in [0, 1].
    """
    bands = split(images, wrap)
    shape = bands.shape[1], 1, *images.shape[-2:]
    noise = torch.randn(shape, generator=stream(seed, "init")).to(images)
    # A noise of its own for each band, so that bands do not add up to more than they are.
    noise_bands = split(noise, wrap).diagonal(dim1=0, dim2=1).movedim(-1, 0)
    noise_energy = local_mean(noise_bands[None].square(), wrap)[0]
    energies = local_mean(bands.square(), wrap)
    results = []
    for row in weights.to(images):
        mean = torch.einsum("k,kbchw->bchw", row, bands)
        energy = torch.einsum("k,kbchw->bchw", row, energies)
        found = local_mean(mean[None].square(), wrap)[0]
        # The mean of inputs without anything in common loses this share of their energy.
        most = (1 - row.square().sum()).clamp(min=_LEAST)
        lost = 1 - found / (energy + _TINY)
        kept = (1 - lost / most).clamp(0, 1)
        missing = (energy - kept.square() * found).clamp(min=0)
        detail = kept * mean[:-1] + (missing / (noise_energy + _TINY)).sqrt() * noise_bands[:-1]
        results.append(detail.sum(0) + mean[-1])
    return torch.stack(results).clamp(0, 1)
