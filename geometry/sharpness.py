"""Does a picture keep its inputs' detail, or is it a ghost? Measures without a network."""

from __future__ import annotations

import torch
from torch import Tensor

from ..metrics import InputError
from .blur import gaussian_blur


def high_band_energy(images: Tensor, sigma: float = 1.0) -> Tensor:
    """Return the mean square (N,) of what a Gaussian blur of ``sigma`` pixels removes.

    Images are (N, C, H, W) in [0, 1]. Averaging unrelated images with weights w keeps the
    share sum w^2 of it, so that a ghost shows as a ratio near one half.
    """
    if images.dim() != 4:
        raise InputError(f"images: found shape {tuple(images.shape)}, expected (N, C, H, W)")
    return (images - gaussian_blur(images, sigma)).square().mean((1, 2, 3))


def high_band_ratio(image: Tensor, inputs: Tensor, weights: Tensor | None = None) -> float:
    """Return the high-band energy of ``image`` (3, H, W) over that of its inputs (K, 3, H, W).

    The inputs' energies are averaged with ``weights`` (K,), uniform by default. About 1
    for an image as detailed as its inputs; infinite if the inputs have no detail at all.
    """
    energies = high_band_energy(inputs)
    if weights is None:
        weights = torch.full_like(energies, 1 / len(energies))
    reference = (energies * weights.to(energies)).sum()
    return float(high_band_energy(image[None])[0] / reference)
