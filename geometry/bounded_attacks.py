"""PGD and APGD: attacks inside a ball of pixel differences, on a batch at once.

They raise a function of images, item by item, by its gradient alone; what the function is,
such as the margin by which a metric prefers the wrong image, is the caller's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from .ball import Ball

Objective = Callable[[Tensor], Tensor]
"""Values (N,) of images (N, ..., 3, H, W), to be raised; each depends on its item alone."""

Keep = Literal["best", "last"]
"""Which iterate is the result: for random objectives the best one is chosen by its luck."""

Attacker = Callable[[Objective, Tensor, Ball, int, torch.Generator, Keep], "Raised"]

_STEP = 2.5
_MOMENTUM, _RISES = 0.75, 0.75
_FIRST_CHECK, _SHORTER, _SHORTEST = 0.22, 0.03, 0.06


@dataclass(frozen=True)
class Raised:
    """What an attack found: images (N, ..., 3, H, W), and the values (N,) of the objective."""

    images: Tensor
    values: Tensor


def pgd(
    objective: Objective,
    center: Tensor,
    ball: Ball,
    steps: int,
    generator: torch.Generator,
    keep: Keep = "best",
) -> Raised:
    """Projected gradient ascent from a random start [1]_, steps of 2.5 epsilon / steps.

    Parameters
    ----------
    objective
        What is raised.
    center
        Images (N, ..., 3, H, W) in [0, 1].
    ball
        Where the result lies around them.
    steps
        Number of gradients, at least 1.
    generator
        Of the random start, on the CPU.
    keep
        The best iterate of each item, or the last.

    References
    ----------
    .. [1] Madry et al., "Towards Deep Learning Models Resistant to Adversarial Attacks", ICLR
       2018.
    """
    x, length = ball.random(center, generator), _STEP * ball.epsilon / steps
    best: Raised | None = None
    for _ in range(steps):
        values, gradient = _slope(objective, x)
        best = _better(best, x, values)
        x = ball.bound(x + length * ball.steepest(gradient), center)
    with torch.no_grad():
        last = Raised(x, objective(x).detach())
    return last if keep == "last" else _better(best, last.images, last.values)


def apgd(
    objective: Objective,
    center: Tensor,
    ball: Ball,
    steps: int,
    generator: torch.Generator,
    keep: Keep = "best",
) -> Raised:
    """Auto-PGD [1]_: momentum, and for each item a step size that halves where it stalls.

    Steps begin at 2 epsilon. At checkpoints that come ever closer, the step size of an item
    halves, and it starts again from its best iterate, where fewer than three quarters of the
    steps rose, or neither step size nor best value have changed since the last one.
    Arguments as of `pgd`.

    References
    ----------
    .. [1] Croce, Hein, "Reliable Evaluation of Adversarial Robustness with an Ensemble of
       Diverse Parameter-free Attacks", ICML 2020, Algorithm 1.
    """
    x = ball.random(center, generator)
    values, gradient = _slope(objective, x)
    best, best_gradient = Raised(x, values), gradient
    length = torch.full_like(values, 2 * ball.epsilon)
    checks, since = _checkpoints(steps), 0
    rises = torch.zeros_like(values)
    known = (length, best.values)
    before = x
    for step in range(1, steps + 1):
        ahead = ball.bound(x + _per_item(length, x) * ball.steepest(gradient), center)
        share = _MOMENTUM if step > 1 else 1.0
        moved = x + share * (ahead - x) + (1 - share) * (x - before)
        before, x = x, ball.bound(moved, center)
        new, gradient = _slope(objective, x)
        rises, values = rises + (new > values), new
        risen = _per_item(new > best.values, x)
        best_gradient = torch.where(risen, gradient, best_gradient)
        best = _better(best, x, new)
        if step in checks:
            unchanged = (length == known[0]) & (best.values <= known[1])
            stalled = (rises < _RISES * (step - since)) | unchanged
            known = (length, best.values)
            length = torch.where(stalled, length / 2, length)
            again = _per_item(stalled, x)
            x = torch.where(again, best.images, x)
            gradient = torch.where(again, best_gradient, gradient)
            values = torch.where(stalled, best.values, values)
            rises, since = torch.zeros_like(rises), step
    return Raised(x, values) if keep == "last" else best


ATTACKERS: dict[str, Attacker] = {"pgd": pgd, "apgd": apgd}
"""The attacks by the names that commands know."""


def _slope(objective: Objective, x: Tensor) -> tuple[Tensor, Tensor]:
    """Return the values (N,) and the gradient of each item's value."""
    variable = x.detach().requires_grad_()
    with torch.enable_grad():
        values = objective(variable)
        (gradient,) = torch.autograd.grad(values.sum(), variable)
    return values.detach(), gradient


def _better(best: Raised | None, x: Tensor, values: Tensor) -> Raised:
    """Return item by item what has the greater value."""
    if best is None:
        return Raised(x, values)
    risen = values > best.values
    images = torch.where(_per_item(risen, x), x, best.images)
    return Raised(images, torch.where(risen, values, best.values))


def _per_item(values: Tensor, like: Tensor) -> Tensor:
    return values.view(-1, *[1] * (like.dim() - 1))


def _checkpoints(steps: int) -> set[int]:
    """Return the steps after which step sizes are looked at."""
    shares = [0.0, _FIRST_CHECK]
    while shares[-1] < 1:
        shares.append(shares[-1] + max(shares[-1] - shares[-2] - _SHORTER, _SHORTEST))
    return {-(-int(1e6 * share) * steps // 1_000_000) for share in shares[1:] if share <= 1}
