"""The energy of a discrete path and its gradient, in memory that its length does not change.

On one draw, shared by all frames, every frame goes through the network once. Frames are
processed in chunks; the last frame of a chunk needs the embedding of the one after it, so
that two chunks are in memory at a time, however many there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from ..metrics import Draw, Embedding, Metric

Border = Callable[[Embedding], Embedding]
"""Returns the embedding beyond a row of frames, given that of the last frame in it."""

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
    if chunk > 1:
        with torch.no_grad():
            both = metric.embed(ends, draw)
        beyond: tuple[Border, Border] = lambda own: both[0], lambda own: both[1]
    else:
        beyond = end_points(metric, ends, draw)
    value, gradient = block_energy(
        metric,
        frames,
        draw,
        beyond,
        chunk=chunk,
        slope=slope,
        power=power,
    )
    scale = energy_scale(len(frames) + 1, power)
    return scale * value, scale * gradient


def end_points(metric: Metric, ends: Tensor, draw: Draw) -> tuple[Border, Border]:
    """Return borders that embed start and end (2, 3, H, W), each when it is asked for."""

    def point(number: int) -> Border:
        def embedded(own: Embedding) -> Embedding:
            del own
            with torch.no_grad():
                return metric.embed(ends[number : number + 1], draw)

        return embedded

    return point(0), point(1)


def energy_scale(transitions: int, power: int) -> float:
    """Return N^(2p-1), by which the energy of N transitions is more than the sum of its terms."""
    return float(transitions) ** (2 * power - 1)


def block_energy(
    metric: Metric,
    frames: Tensor,
    draw: Draw,
    beyond: tuple[Border, Border],
    *,
    power: int = 1,
    chunk: int = 4,
    slope: bool = True,
    counted: tuple[bool, bool] = (True, True),
) -> tuple[float, Tensor]:
    """Return sum_i D(x_i, x_i+1)^p over frames in a row and one beyond each end, and its gradient.

    Parameters
    ----------
    frames
        Of the path, in a row: (n, 3, H, W), n >= 1.
    beyond
        Return, given the embedding of the first and of the last of them, that of the frame
        before and of the one after: a constant. The first is called before the second.
    counted
        Whether the first and the last step are in the sum; in the gradient they always are.
    """
    enter, leave = beyond
    before: Embedding | None = None
    total = frames.new_zeros(())
    gradients: list[Tensor] = []
    for variable, points, following in _lookahead(_embedded(metric, frames, draw, chunk, slope)):
        is_first = before is None
        if before is None:
            before = enter(points[0].detach())
        after = (leave(points[len(points) - 1]) if following is None else following[0]).detach()
        energies = metric.steps(before, points, after) ** power
        # The step out of a chunk is the next one's step in, and counts there.
        begin = 0 if counted[0] or not is_first else 1
        end = len(energies) if counted[1] and following is None else -1
        total = total + energies[begin:end].detach().sum()
        if slope:
            gradients.extend(torch.autograd.grad(energies.sum(), variable))
        before = points[len(points) - 1].detach()
    return float(total), torch.cat(gradients) if slope else frames.new_empty(0)


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
