"""The box [0, 1] in which images live."""

from __future__ import annotations

from torch import Tensor


def project(x: Tensor) -> Tensor:
    """Return the nearest point of the box [0, 1]."""
    return x.clamp(0.0, 1.0)


def blocked(x: Tensor, gradient: Tensor) -> Tensor:
    """Return where descent along ``gradient`` would leave the box at an active bound."""
    return ((x <= 0) & (gradient > 0)) | ((x >= 1) & (gradient < 0))


def optimality_error(x: Tensor, gradient: Tensor) -> float:
    """Return the norm of the projected gradient on the box [0, 1].

    Components that point out of the box at an active bound do not count; the error is 0
    exactly at the first-order points of min f(x) subject to 0 <= x <= 1.
    """
    return float(gradient.masked_fill(blocked(x, gradient), 0.0).norm())
