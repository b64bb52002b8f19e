"""Adam on the Lagrangian of one constraint, whose multiplier is found on the way."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from .adam import AveragedAdam, AveragedAdamState
from .averaging import RunningAverage
from .problem import GradientSample


@dataclass(frozen=True)
class PrimalDualState(AveragedAdamState):
    """Also the logarithm of the multiplier, and the smoothed samples of the constraint."""

    log_multiplier: float
    excess: float


@dataclass(frozen=True)
class PrimalDualAdam(AveragedAdam[PrimalDualState]):
    """Preconditioned Adam for min f(x) subject to E[c(x)] <= 0, by descent and ascent.

    Every step descends f + exp(u + damping s) c on one sample, with s the smoothed samples
    of c, cut to [-1, 1], and ascends in u by ``ascent`` s. The gradient is linear in c, so
    that a noisy c biases nothing; a penalty on its square would press down its noise, too.

    Attributes
    ----------
    multiplier
        exp(u) before the first step.
    ascent
        First step size in u; falls as that in x.
    damping
        What s adds to u at once; keeps the two from circling each other.
    memory
        Share of the past in the smoothed c.
    """

    multiplier: float = 1.0
    ascent: float = 0.2
    damping: float = 2.0
    memory: float = 0.8

    def init(self, x: Tensor) -> PrimalDualState:
        """Return zero moments, averages of nothing and the first multiplier."""
        zero = torch.zeros_like(self.preconditioner.adjoint(x))
        averages = RunningAverage(x.clone()), RunningAverage(torch.zeros_like(x))
        return PrimalDualState(0, zero, zero, *averages, math.log(self.multiplier), 0.0)

    def step(
        self, x: Tensor, sample: GradientSample, state: PrimalDualState
    ) -> tuple[Tensor, PrimalDualState]:
        """Take one step in x and one in the multiplier; see `Solver.step`."""
        constraint = sample.constraint
        assert constraint is not None
        excess = self.memory * state.excess + (1 - self.memory) * constraint.value
        pressure = min(max(excess, -1.0), 1.0)
        factor = math.exp(state.log_multiplier + self.damping * pressure)
        slope = torch.add(sample.gradient, constraint.gradient, alpha=factor)
        ascent = self.ascent * pressure / (1 + state.step / self.decay)
        x, state = self._average(x, slope, state)
        return x, replace(state, log_multiplier=state.log_multiplier + ascent, excess=excess)
