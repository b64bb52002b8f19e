"""Norms of maps, found by power iteration on their Jacobians."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from random_images import rng


def jacobian_norm(
    function: Callable[[Tensor], Tensor], at: Tensor, iterations: int = 60, seed: int = 0
) -> float:
    """Return the spectral norm of the Jacobian of ``function`` at a point, from below."""
    x = at.detach().requires_grad_()
    y = function(x)
    dummy = torch.zeros_like(y, requires_grad=True)
    (back,) = torch.autograd.grad(y, x, dummy, create_graph=True)
    v = torch.randn(x.shape, generator=rng(seed), dtype=x.dtype)
    norm = 0.0
    for _ in range(iterations):
        v = v / v.norm()
        (forward,) = torch.autograd.grad(back, dummy, v, retain_graph=True)
        norm = float(forward.norm())
        (v,) = torch.autograd.grad(y, x, forward, retain_graph=True)
    return norm
