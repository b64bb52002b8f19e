"""Adam on pixels: as released by the E-LPIPS authors, and scaled to the images."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor

from .box import optimality_error, project
from .problem import GradientSample, Preconditioner, Scaling
from .solver import Solver, State


@dataclass(frozen=True)
class _Adam(Solver):
    """Adam [1]_ on coordinates of the variable, projected to the box [0, 1].

    References
    ----------
    .. [1] Kingma, Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015.
    """

    coordinates: Preconditioner = Scaling()  # noqa: RUF009 (frozen, without state)
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    @abstractmethod
    def size(self, step: int) -> float:
        """Return the step size of step 0, 1, ..., in units of the coordinates."""

    def init(self, x: Tensor) -> State:
        """Return zero moments."""
        zero = torch.zeros_like(self.coordinates.adjoint(x))
        return {"step": 0, "m": zero, "v": zero}

    def step(self, x: Tensor, sample: GradientSample, state: State) -> tuple[Tensor, State]:
        """Take one step; see `Solver.step`."""
        slope = self.coordinates.adjoint(sample.gradient)
        m = torch.lerp(slope, state["m"], self.beta1)
        v = torch.lerp(slope.square(), state["v"], self.beta2)
        step = state["step"] + 1
        direction = (m / (1 - self.beta1**step)) / (
            (v / (1 - self.beta2**step)).sqrt() + self.epsilon
        )
        x = self.bound(x - self.size(step - 1) * self.coordinates.apply(direction))
        return x, {"step": step, "m": m, "v": v}

    def bound(self, x: Tensor) -> Tensor:
        """Return x inside the box."""
        return project(x)


@dataclass(frozen=True)
class PaperAdam(_Adam):
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
class PreconditionedAdam(_Adam):
    """Adam whose steps are a fraction of how far the variable may have to go.

    The step size of step t is ``fraction / (1 + t / decay)`` in units of the coordinates,
    which a problem scales to its images (`geometry.bands`): where the images agree, a
    noisy gradient cannot dirty the picture, and where they differ, steps are as large as
    the difference asks for. The decay has no horizon, so that a run may be stopped or
    prolonged at any step. The candidate result is a weighted iterate average, which has
    less of the gradient's noise (`docs/performance.md` has the measurements).

    Attributes
    ----------
    coordinates
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

    def init(self, x: Tensor) -> State:
        """Return zero moments and averages of nothing."""
        return {
            **super().init(x),
            "average": x.clone(),
            "slope": torch.zeros_like(x),
            "mass": 0.0,
        }

    def step(self, x: Tensor, sample: GradientSample, state: State) -> tuple[Tensor, State]:
        """Take one step and average; see `Solver.step`."""
        x, moments = super().step(x, sample, state)
        weight = float(moments["step"]) ** self.averaging
        mass = state["mass"] + weight
        share = weight / mass
        return x, {
            **moments,
            "average": torch.lerp(state["average"], x, share),
            "slope": torch.lerp(state["slope"], sample.gradient, share),
            "mass": mass,
        }

    def optimality(self, x: Tensor, state: State) -> float:
        """Return the projected norm of the averaged gradient, at the averaged iterate."""
        del x
        return optimality_error(state["average"], state["slope"])

    def postprocess(self, x: Tensor, state: State) -> Tensor:
        """Return the iterate average."""
        del x
        return state["average"]
