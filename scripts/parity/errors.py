"""How far results are from those of a reference."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor


def relative(found: Tensor, expected: Tensor) -> float:
    """Return the relative error in L2; where zeros were expected, it is 0 or infinite."""
    if not expected.any():
        return float("inf") if found.any() else 0.0
    return ((found - expected).norm() / expected.norm()).item()


def largest_relative(found: Tensor, expected: Tensor) -> float:
    """Return the largest relative error of several results."""
    return largest(relative(*values) for values in zip(found, expected, strict=True))


def largest_difference(found: Tensor, expected: Tensor) -> float:
    """Return the largest absolute difference; infinite where the shapes differ."""
    if found.shape != expected.shape:
        return float("inf")
    return (found.double().cpu() - expected).abs().max().item()


def largest(errors: Iterable[float]) -> float:
    """Return the largest of errors, NaN if one is."""
    return torch.tensor(list(errors), dtype=torch.float64).max().item()


def within(error: float | None, tolerance: float) -> bool:
    """Return whether an error is none at all or at most ``tolerance``."""
    # NaN is not within anything.
    return error is None or error <= tolerance
