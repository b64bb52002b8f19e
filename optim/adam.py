"""Adam on pixels: as released by the E-LPIPS authors, and scaled to the images."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor

from optim.box import optimality_error, project
from optim.solver import Solver, State


@dataclass(frozen=True)
class _Adam(Solver):
    """Adam [1]_ projected to the box [0, 1], with a step size that depends on the step.

    References
    ----------
    .. [1] Kingma, Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015.
    """

    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    @abstractmethod
    def size(self, step: int) -> float | Tensor:
        """Return the step size of step 0, 1, ..., in units of pixel values."""

    def init(self, x: Tensor) -> State:
        """Return zero moments."""
        return {"step": 0, "m": torch.zeros_like(x), "v": torch.zeros_like(x)}

    def step(self, x: Tensor, gradient: Tensor, state: State) -> tuple[Tensor, State]:
        """Take one step; see `Solver.step`."""
        m = torch.lerp(gradient, state["m"], self.beta1)
        v = torch.lerp(gradient.square(), state["v"], self.beta2)
        step = state["step"] + 1
        direction = (m / (1 - self.beta1**step)) / (
            (v / (1 - self.beta2**step)).sqrt() + self.epsilon
        )
        x = self.bound(x - self.size(step - 1) * direction)
        return x, {"step": step, "m": m, "v": v}

    def bound(self, x: Tensor) -> Tensor:
        """Return x inside the box."""
        return project(x)

    def optimality(self, x: Tensor, state: State) -> float:
        """Return the projected norm of the averaged gradient."""
        return optimality_error(x, state["m"] / max(1 - self.beta1 ** state["step"], 1e-12))


@dataclass(frozen=True)
class ReleasedAdam(_Adam):
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

    def bound(self, x: Tensor) -> Tensor:
        """Clip as released, a little inside the box."""
        return x.clamp(self.margin, 1 - self.margin)


@dataclass(frozen=True)
class SpreadAdam(_Adam):
    """Adam whose steps are a fraction of how far each pixel may have to go.

    The step size of step t is ``fraction * spread / (1 + t / decay)``. ``spread`` is the
    local disagreement of the images of the problem: where they agree, a noisy gradient
    cannot dirty the picture, and where they differ, steps are as large as the difference
    asks for. The decay has no horizon, so that a run may be stopped or prolonged at any
    step, and the candidate result is a weighted iterate average, which has less of the
    gradient's noise (`docs/performance.md` has the measurements).

    Attributes
    ----------
    spread
        Positive, shaped like the variable or broadcastable to it, in pixel values.
    fraction, decay
        First step in units of the spread; steps until it has halved.
    averaging
        Iterate t weighs (t + 1)^averaging in the average; 0 is the plain mean.
    """

    spread: Tensor | float = 1.0
    fraction: float = 0.06
    decay: float = 60.0
    averaging: float = 8.0
    epsilon: float = 1e-12

    def size(self, step: int) -> Tensor | float:
        """Return the step size of each element."""
        return self.spread * (self.fraction / (1 + step / self.decay))

    def init(self, x: Tensor) -> State:
        """Return zero moments and the average of no iterates."""
        return {**super().init(x), "average": x.clone(), "mass": 0.0}

    def step(self, x: Tensor, gradient: Tensor, state: State) -> tuple[Tensor, State]:
        """Take one step and average; see `Solver.step`."""
        x, moments = super().step(x, gradient, state)
        weight = float(moments["step"]) ** self.averaging
        mass = state["mass"] + weight
        average = torch.lerp(state["average"], x, weight / mass)
        return x, {**moments, "average": average, "mass": mass}

    def postprocess(self, x: Tensor, state: State) -> Tensor:
        """Return the iterate average."""
        del x
        return state["average"]
