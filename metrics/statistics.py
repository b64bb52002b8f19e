"""Means of samples, and how well they are known."""

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
    """Return the mean of independent numbers (N,), N >= 1, and its standard error.

    In double precision.
    """
    each = torch.as_tensor(values, dtype=torch.float64)
    return Mean(float(each.mean()), float(standard_error(each)))


def standard_error(samples: Tensor, *, stochastic: bool = True) -> Tensor:
    """Return the standard error of the mean of samples: their deviation over sqrt(N).

    Parameters
    ----------
    samples
        Independent and of floating point, (N, ...) with N >= 1.
    stochastic
        Whether other samples could have come out, such as `Metric.stochastic`.

    Returns
    -------
    Tensor
        Of shape (...). NaN for a single sample, of which nothing is known; 0 for what is not
        stochastic, of which one sample says all.
    """
    if not stochastic:
        return torch.zeros_like(samples[0])
    if len(samples) < 2:
        return torch.full_like(samples[0], math.nan)
    return samples.std(0) / math.sqrt(len(samples))
