"""The energy of a discrete path and its gradient, in memory that its length does not change.

On one draw, shared by all frames, every frame goes through the network once. Frames are
processed in chunks; the last frame of a chunk needs the embedding of the one after it, so
that two chunks are in memory at a time, however many there are.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from ..metrics import Draw, Embedding, Metric

_PIXELS_AT_A_TIME = 4 * 256**2


def frames_at_a_time(size: tuple[int, int], chunk: int | None = None) -> int:
    """Return ``chunk``, or else how many frames of ``size`` (H, W) fit a modest memory.

    One to four, as many as are four of 256 px; more were no faster on the CPU.
    """
    if chunk is not None:
        return chunk
    return min(4, max(1, _PIXELS_AT_A_TIME // (size[0] * size[1])))


def path_energy(
    metric: Metric,
    ends: Tensor,
    frames: Tensor,
    draw: Draw,
    *,
    power: int = 1,
    chunk: int = 4,
    slope: bool = True,
) -> tuple[float, Tensor]:
    """Return E = N^(2p-1) sum_i D(x_i, x_i+1)^p over N transitions, and its gradient.

    ``ends`` are start and end (2, 3, H, W), ``frames`` the N - 1 inner frames (N - 1, 3, H,
    W), the gradient is shaped like them (empty without ``slope``). The energy of a path of
    equal steps does not depend on N; that of a straight one is D(start, end)^p. ``chunk``
    frames are on the tape at a time, twice that many in memory.

    References
    ----------
    .. [1] Rumpf, Wirth, "Variational time discretization of geodesic calculus", IMA J.
       Numer. Anal. 2015: the discrete path energy, with W = D.
    """
    transitions = len(frames) + 1
    scale = float(transitions) ** (2 * power - 1)
    with torch.no_grad():
        first = metric.embed(ends, draw)
    before, last = first[0], first[1]
    total = ends.new_zeros(())
    gradients: list[Tensor] = []
    for variable, points, following in _lookahead(_embedded(metric, frames, draw, chunk, slope)):
        after = last if following is None else following[0].detach()
        energies = metric.steps(before, points, after) ** power
        # The step out of a chunk is the next one's step in, and counts there.
        counted = energies if following is None else energies[:-1]
        total = total + counted.detach().sum()
        if slope:
            gradients.extend(torch.autograd.grad(energies.sum(), variable))
        before = points[len(points) - 1].detach()
    value = scale * float(total)
    return value, scale * torch.cat(gradients) if slope else frames.new_empty(0)


def _embedded(
    metric: Metric, frames: Tensor, draw: Draw, chunk: int, slope: bool
) -> Iterator[tuple[Tensor, Embedding]]:
    for part in frames.detach().split(chunk):
        variable = part.clone().requires_grad_(slope)
        yield variable, metric.embed(variable, draw)


def _lookahead(
    chunks: Iterator[tuple[Tensor, Embedding]],
) -> Iterator[tuple[Tensor, Embedding, Embedding | None]]:
    """Yield each chunk with the embedding of the one after it."""
    variable, embedding = next(chunks)
    for next_variable, following in chunks:
        yield variable, embedding, following
        variable, embedding = next_variable, following
    yield variable, embedding, None
