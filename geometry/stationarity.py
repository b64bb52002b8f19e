"""Is a path stationary? The gradient that is left, frame by frame, cleared of its noise."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from ..metrics import InputError
from ..metrics.seeds import stream
from ..optim import stays_inside
from .geodesic_problem import GeodesicProblem


def stationarity_errors(
    problem: GeodesicProblem, frames: Tensor, *, draws: int = 8, seed: int = 0
) -> tuple[float, ...]:
    """Return the norm of the energy's gradient at each inner frame of a path (N + 1, 3, H, W).

    A geodesic has W_,2[x_i-1, x_i] + W_,1[x_i, x_i+1] = 0 at every inner frame [1]_, but for
    what pushes against the box [0, 1] and what a mask holds. The gradient of one draw is
    nearly all noise, whose norm no number of draws takes away soon; the product of the mean
    gradients of two independent halves of ``draws`` is an unbiased estimate of the squared
    norm, and its root is returned (0 where the estimate is negative).

    References
    ----------
    .. [1] Rumpf, Wirth, "Variational time discretization of geodesic calculus", IMA J.
       Numer. Anal. 2015.
    """
    if problem.metric.stochastic and draws < 2:
        raise InputError(f"residual draws: found {draws}, expected at least 2")
    generator = stream(seed, "residual")
    half = replace(problem, draws=draws // 2 if problem.metric.stochastic else 1)
    inner = frames[1:-1]
    one, two = (half.sample(inner, generator).gradient for _ in range(2))
    onto = stays_inside(inner, one + two)
    products = (onto(one) * onto(two)).flatten(1).sum(1)
    return tuple(products.clamp(min=0).sqrt().tolist())
