"""Weights of images: at least 0, of sum 1."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..metrics import InputError
from ..optim import project


def to_simplex(weights: Sequence[float] | Tensor | None, count: int) -> Tensor:
    """Return ``count`` weights (count,) that are non-negative and sum to 1."""
    if weights is None:
        return torch.full((count,), 1 / count, dtype=torch.float64)
    values = torch.as_tensor(weights, dtype=torch.float64, device="cpu")
    if values.shape != (count,):
        raise InputError(f"weights: found {values.numel()}, expected {count}, one per image")
    if not (torch.isfinite(values).all() and (values >= 0).all() and values.sum() > 0):
        raise InputError(f"weights: found {values.tolist()}, expected >= 0 and not all 0")
    # Finite weights may have a sum that is not.
    values = values if torch.isfinite(values.sum()) else values / values.max()
    return values / values.sum()


def weighted_mean(images: Tensor, weights: Tensor) -> Tensor:
    """Return the pixel mean (3, H, W) of images (K, 3, H, W), weights (K,) on the simplex."""
    return project(torch.einsum("k,kchw->chw", weights.to(images), images)[None])[0]
