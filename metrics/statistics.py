"""A mean and how well it is known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Mean:
    """A mean and its standard error, NaN for a single value."""

    mean: float
    standard_error: float


def mean_of(values: Tensor | Sequence[float]) -> Mean:
    """Return the mean of at least one number, and its standard error."""
    each = torch.as_tensor(values, dtype=torch.float64)
    error = float(each.std()) / math.sqrt(len(each)) if len(each) > 1 else math.nan
    return Mean(float(each.mean()), error)


def standard_error(samples: Tensor) -> Tensor:
    """Return the standard error (...) of the mean of samples (draws, ...); 0 for one draw."""
    if len(samples) < 2:
        return torch.zeros(samples.shape[1:])
    return samples.std(0) / math.sqrt(len(samples))
