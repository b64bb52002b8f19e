"""Adam on pixels: as released by the E-LPIPS authors, and scaled to the images."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

import torch
from torch import Tensor

from .averaging import RunningAverage
from .box import optimality_error, project
from .problem import GradientSample, Preconditioner, Scaling
from .solver import Solver, SolverState


@dataclass(frozen=True)
class AdamState(SolverState):
    """Running means of the gradient and of its square, in the coordinates stepped in."""

    mean: Tensor
    square: Tensor


@dataclass(frozen=True)
class AveragedAdamState(AdamState):
    """Also the averages of the iterates and of the gradient samples."""

    iterates: RunningAverage
    gradients: RunningAverage


A = TypeVar("A", bound=AdamState)
B = TypeVar("B", bound=AveragedAdamState)

MomentTransfer = Callable[[Tensor, int], Tensor]
"""Takes a mean (order 1) or mean square (order 2) to another discretisation of the problem."""


@dataclass(frozen=True)
class _Adam(Solver[A]):
    """Adam [1]_ on coordinates of the variable, projected to the box [0, 1].

    References
    ----------
    .. [1] Kingma, Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015.
    """

    preconditioner: Preconditioner = Scaling()  # noqa: RUF009 (frozen, without state)
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    @abstractmethod
    def size(self, step: int) -> float:
        """Return the step size of step 0, 1, ..., in units of the coordinates."""

    def _descend(self, x: Tensor, slope: Tensor, state: A) -> tuple[Tensor, A]:
        """Return the next iterate for a gradient on the variable, and the next moments."""
        slope = self.preconditioner.adjoint(slope)
        mean = torch.lerp(slope, state.mean, self.beta1)
        square = torch.lerp(slope.square(), state.square, self.beta2)
        step = state.step + 1
        direction = (mean / (1 - self.beta1**step)) / (
            (square / (1 - self.beta2**step)).sqrt() + self.epsilon
        )
        x = self.bound(x - self.size(step - 1) * self.preconditioner.apply(direction))
        return x, replace(state, step=step, mean=mean, square=square)

    def bound(self, x: Tensor) -> Tensor:
        """Return x inside the box."""
        return project(x)


@dataclass(frozen=True)
class PaperAdam(_Adam[AdamState]):
    """Adam as in the authors' barycenter scripts (``ex_pairwise_average.py``).

    The step size falls "between 1/t and 1/sqrt(t)" from 0.03, whatever the images, and
    pixels are kept 1e-5 inside the box. Meant for 100,000 steps from noise.
    """

    initial: float = 0.03
    margin: float = 1e-5

    def size(self, step: int) -> float:
        """Return 0.03 / (1 + 0.02 s^0.75), s = sqrt(100^2 + t^2) - 100."""
        s = math.hypot(100, step) - 100
        return self.initial / (1 + 0.02 * s**0.75)

    def init(self, x: Tensor) -> AdamState:
        """Return zero moments."""
        zero = torch.zeros_like(self.preconditioner.adjoint(x))
        return AdamState(0, zero, zero)

    def step(self, x: Tensor, sample: GradientSample, state: AdamState) -> tuple[Tensor, AdamState]:
        """Take one step; see `Solver.step`."""
        return self._descend(x, sample.gradient, state)

    def bound(self, x: Tensor) -> Tensor:
        """Clip as released, a little inside the box."""
        return project(x.clamp(self.margin, 1 - self.margin))


@dataclass(frozen=True)
class AveragedAdam(_Adam[B]):
    """Adam with preconditioned steps that fall, and a weighted average of its iterates.

    The step size of step t is ``fraction / (1 + t / decay)``. The decay has no horizon, so
    that a run may be stopped or prolonged at any step. The candidate result is the average,
    which has less of the gradient's noise (`docs/performance.md` has the measurements).

    Attributes
    ----------
    preconditioner
        Scaled so that the solution is of order 1 from the start.
    fraction, decay
        First step size; steps until it has halved.
    averaging
        Iterate t weighs (t + 1)^averaging in the average; 0 is the plain mean.
    """

    fraction: float = 0.25
    decay: float = 60.0
    averaging: float = 8.0
    epsilon: float = 1e-15

    def size(self, step: int) -> float:
        """Return the step size."""
        return self.fraction / (1 + step / self.decay)

    def optimality(self, x: Tensor, state: B) -> float:
        """Return the projected norm of the averaged gradient, at the averaged iterate."""
        del x
        return optimality_error(state.iterates.value, state.gradients.value)

    def postprocess(self, x: Tensor, state: B) -> Tensor:
        """Return the iterate average."""
        del x
        return state.iterates.value

    def _average(self, x: Tensor, slope: Tensor, state: B) -> tuple[Tensor, B]:
        """Step along a gradient on the variable; average iterates and gradients."""
        x, state = self._descend(x, slope, state)
        weight = float(state.step) ** self.averaging
        iterates = state.iterates.including(x, weight)
        gradients = state.gradients.including(slope, weight)
        return x, replace(state, iterates=iterates, gradients=gradients)


@dataclass(frozen=True)
class PreconditionedAdam(AveragedAdam[AveragedAdamState]):
    """Adam whose steps are a fraction of how far the variable may have to go.

    Steps are in units of the preconditioner's coordinates, which a problem scales to its
    images (`geometry.bands`): where the images agree, a noisy gradient cannot dirty the
    picture, and where they differ, steps are as large as the difference asks for.
    """

    def init(self, x: Tensor) -> AveragedAdamState:
        """Return zero moments and averages of nothing."""
        zero = torch.zeros_like(self.preconditioner.adjoint(x))
        averages = RunningAverage(x.clone()), RunningAverage(torch.zeros_like(x))
        return AveragedAdamState(0, zero, zero, *averages)

    def step(
        self, x: Tensor, sample: GradientSample, state: AveragedAdamState
    ) -> tuple[Tensor, AveragedAdamState]:
        """Take one step and average; see `Solver.step`."""
        return self._average(x, sample.gradient, state)

    def carry(
        self, state: AveragedAdamState, x: Tensor, transfer: MomentTransfer
    ) -> AveragedAdamState:
        """Return the state to go on with at x, on another discretisation of the same problem.

        Steps and, by ``transfer``, moments stay; averages begin anew.
        """
        mean, square = transfer(state.mean, 1), transfer(state.square, 2)
        return replace(self.init(x), step=state.step, mean=mean, square=square)
