"""Paths as a reference path plus a deviation of sine modes in time.

The energy of a path is a sum over differences of neighbours, so that a deviation of k half
waves over the path costs k^2 times its square: independent noise in the frames is dear,
slow changes are cheap. In coordinates whose k-th mode is scaled by k^-3/2, a solver's steps
are smooth in time. The modes do not depend on the number of frames either: a path of few
frames, and what a solver has learnt on it, go on as the slow modes of a longer one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .bands import BandPreconditioner

_DECAY = 1.5
"""Between 1, which would give every mode's noise the same energy, and 2, a smooth path's."""

_KNOT = 1e-9


@dataclass(frozen=True)
class PathPreconditioner:
    """The map from modes (N - 1, bands, 3, H, W) to inner frames (N - 1, 3, H, W).

    A coordinate of 1 in the first mode is ``bands.spread`` in the middle of the path.

    Attributes
    ----------
    bands
        How far frames may have to go, by place and band.
    transitions
        N.
    """

    bands: BandPreconditioner
    transitions: int

    def apply(self, coordinates: Tensor) -> Tensor:
        """Return the deviation of the frames."""
        return self.bands.apply(_mix(self._matrix(coordinates), coordinates))

    def adjoint(self, gradient: Tensor) -> Tensor:
        """Return the gradient in coordinates of a gradient on the frames."""
        spread = self.bands.adjoint(gradient)
        return _mix(self._matrix(spread).T, spread)

    def _matrix(self, like: Tensor) -> Tensor:
        modes = torch.arange(1, self.transitions, device=like.device, dtype=like.dtype)
        basis = sine_basis(self.transitions).to(like)
        return basis * (math.sqrt(self.transitions / 2) * modes**-_DECAY)


def sine_basis(transitions: int) -> Tensor:
    """Return the orthogonal, symmetric matrix (N - 1, N - 1) of sines, float64.

    Rows are inner frames i = 1..N-1, columns modes k: sqrt(2 / N) sin(pi i k / N).
    """
    index = torch.arange(1, transitions, dtype=torch.float64)
    return math.sqrt(2 / transitions) * torch.sin(math.pi / transitions * torch.outer(index, index))


def resample(deviation: Tensor, times: Sequence[float]) -> Tensor:
    """Evaluate a deviation (N - 1, ...) of inner frames at ``times`` in [0, 1], (T, ...).

    By its sine series: exact at the frames, zero at the ends.
    """
    transitions = len(deviation) + 1
    modes = torch.arange(1, transitions, dtype=torch.float64)
    at = torch.as_tensor(list(times), dtype=torch.float64)
    waves = torch.sin(math.pi * torch.outer(at, modes)) * math.sqrt(2 / transitions)
    return _mix((waves @ sine_basis(transitions)).to(deviation), deviation)


def extend_moments(moments: Tensor, transitions: int, *, order: int) -> Tensor:
    """Return the moments (M, ...) of modes for a path of ``transitions``: (N - 1, ...).

    New modes start with mean 0 (``order`` 1), or with the mean square (``order`` 2) that
    the fastest known one would have there, judged by its scale.
    """
    known, wanted = len(moments), transitions - 1
    if wanted <= known:
        return moments[:wanted]
    if order == 1:
        fill = moments.new_zeros(wanted - known, *moments.shape[1:])
    else:
        modes = torch.arange(known + 1, wanted + 1, device=moments.device, dtype=moments.dtype)
        # The gradient of mode k grows like k^2 times its scale, and its noise like k.
        factor = (modes / known) ** (2 - 2 * _DECAY)
        fill = moments[-1:] * factor.view(-1, *[1] * (moments.dim() - 1))
    return torch.cat([moments, fill])


def times_of(transitions: int) -> list[float]:
    """Return the times 0, 1/N, ..., 1 of the frames."""
    return [index / transitions for index in range(transitions + 1)]


def nearest_knot(time: float, transitions: int) -> int | None:
    """Return the frame that ``time`` is the time of, or None."""
    index = round(time * transitions)
    return index if abs(time * transitions - index) <= _KNOT * transitions else None


def _mix(matrix: Tensor, frames: Tensor) -> Tensor:
    """Return the linear combinations (T, ...) of frames (M, ...) by a matrix (T, M)."""
    return (matrix @ frames.flatten(1)).view(len(matrix), *frames.shape[1:])
