"""Draws of an ensemble with every scale level in its share, for means of less variance.

The scale level is most of the variance of how two kinds of change compare: at level 2, noise
is averaged away and what is smooth stays. Few plain draws have the levels in other shares
than their probabilities, and all that is judged on them has the same bias.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ..metrics import Draw, EnsembleDraw, Metric
from ..metrics.perceptual import PerceptualMetric
from ..metrics.statistics import standard_error

_LEAST = 2


@dataclass(frozen=True)
class Strata:
    """Draws with weights that add up to 1, in groups of equal scale level.

    Attributes
    ----------
    draws
        Independent within their group.
    weights
        (N,): the probability of a draw's group over the number of draws in it, so that
        weighted means are unbiased.
    groups
        (N,): each draw's group.
    """

    draws: tuple[Draw, ...]
    weights: Tensor
    groups: Tensor

    @classmethod
    def of(
        cls, metric: Metric, size: tuple[int, int], count: int, generator: torch.Generator
    ) -> Strata:
        """Draw ``count`` times for images of ``size``, but at least twice at every level.

        Once for a metric without randomness.
        """
        if not metric.stochastic:
            return cls((metric.draw(size),), torch.ones(1), torch.zeros(1))
        shares = _level_probabilities(metric, size)
        left = [max(_LEAST, round(count * share)) for share in shares.tolist()]
        weights = shares / torch.tensor(left)
        draws, levels = [], []
        while any(left):
            draw = metric.draw(size, generator)
            level = draw.scale_level - 1 if isinstance(draw, EnsembleDraw) else 0
            if left[level]:
                left[level] -= 1
                draws.append(draw)
                levels.append(level)
        groups = torch.tensor(levels)
        return cls(tuple(draws), weights[groups], groups)

    def mean(self, samples: Tensor) -> Tensor:
        """Return the mean (...) of samples (N, ...)."""
        return torch.tensordot(self.weights.to(samples), samples, dims=1)

    def standard_error(self, samples: Tensor) -> Tensor:
        """Return the standard error (...) of the mean of samples (N, ...); 0 for one draw."""
        total = torch.zeros(samples.shape[1:], dtype=samples.dtype)
        for group in self.groups.unique():
            inside = self.groups == group
            share = self.weights[inside].sum().to(samples)
            # A group has one draw only where nothing is random.
            error = standard_error(samples[inside], stochastic=int(inside.sum()) > 1)
            total += (share * error).square()
        return total.sqrt()


def _level_probabilities(metric: Metric, size: tuple[int, int]) -> Tensor:
    """Return the probabilities (levels,) of a metric's scale levels."""
    ensemble = metric.ensemble if isinstance(metric, PerceptualMetric) else None
    if ensemble is None:
        return torch.ones(1, dtype=torch.float64)
    weights = ensemble.level_weights(size).double()
    return weights / weights.sum()
