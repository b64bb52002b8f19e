"""The weighted average of iterates, which has less of the gradients' noise than the last one."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class RunningAverage:
    """A weighted mean of tensors, and the sum of their weights so far."""

    value: Tensor
    mass: float = 0.0

    def including(self, x: Tensor, weight: float) -> RunningAverage:
        """Return the average with one more tensor of the same shape; ``weight`` > 0."""
        mass = self.mass + weight
        return RunningAverage(torch.lerp(self.value, x, weight / mass), mass)
