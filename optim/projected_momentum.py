"""Normalised gradient steps inside a ball as well as the box."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .averaging import RunningAverage
from .box import project
from .problem import GradientSample
from .solver import Solver, SolverState


@dataclass(frozen=True)
class MomentumState(SolverState):
    """The averaged gradient, and the average of the iterates."""

    momentum: Tensor
    iterates: RunningAverage


@dataclass(frozen=True)
class ProjectedMomentum(Solver[MomentumState]):
    """Projected gradient descent with momentum in box and ball, as in attacks of bounded norm.

    A step goes ``fraction / (1 + t / decay)`` times the radius along the momentum,
    whatever its norm [1]_, and back into the box and the ball. The candidate result is an
    average of the iterates, in which iterate t weighs (t + 1)^averaging, pushed out to the
    ball's edge as far as the box allows.

    Attributes
    ----------
    center
        Shaped like the variable, inside the box.
    radius
        Largest root mean square difference from it.
    fraction, decay
        First step size; steps until it has halved.
    momentum
        Share of the past in the averaged gradient.

    References
    ----------
    .. [1] Madry et al., "Towards Deep Learning Models Resistant to Adversarial Attacks", ICLR
       2018. With momentum: Dong et al., "Boosting Adversarial Attacks with Momentum", CVPR
       2018.
    """

    center: Tensor
    radius: float
    fraction: float = 0.5
    decay: float = 20.0
    momentum: float = 0.9
    averaging: float = 8.0

    def init(self, x: Tensor) -> MomentumState:
        """Return no momentum and an average of nothing."""
        return MomentumState(0, torch.zeros_like(x), RunningAverage(x.clone()))

    def step(
        self, x: Tensor, sample: GradientSample, state: MomentumState
    ) -> tuple[Tensor, MomentumState]:
        """Take one step; see `Solver.step`."""
        step = state.step + 1
        momentum = torch.lerp(sample.gradient, state.momentum, self.momentum)
        length = self.fraction / (1 + state.step / self.decay) * self.radius
        norm = float(momentum.square().mean().sqrt())
        if norm > 0:
            x = self.bound(x - length / norm * momentum)
        iterates = state.iterates.including(x, float(step) ** self.averaging)
        return x, MomentumState(step, momentum, iterates)

    def bound(self, x: Tensor) -> Tensor:
        """Return x cut to the box, then drawn towards the centre until it is in the ball."""
        x = project(x)
        distance = self._distance(x)
        return x if distance <= self.radius else torch.lerp(self.center, x, self.radius / distance)

    def postprocess(self, x: Tensor, state: MomentumState) -> Tensor:
        """Return the iterate average, at the ball's edge."""
        del x
        average = state.iterates.value
        distance = self._distance(average)
        if distance == 0:
            return average
        return self.bound(torch.lerp(self.center, average, self.radius / distance))

    def _distance(self, x: Tensor) -> float:
        return float((x - self.center).square().mean().sqrt())
