"""The path energy computed by several ranks, each on frames in a row or on draws of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

from ..metrics import Draw, Embedding, Metric
from .path_energy import Border, block_energy, energy_scale, path_energy
from .ranks import Constant, Ranks, block_of

Split = Literal["auto", "frames", "draws"]
"""What ranks share: the frames of a path, the draws of a step, or what divides better."""


def what_to_split(split: Split, frames: int, draws: int, size: int) -> Split:
    """Return what keeps ``size`` ranks busier, frames or draws, or what is asked for."""
    if split != "auto":
        return split

    def busy(count: int) -> float:
        return count / (size * -(-count // size))

    return "frames" if busy(frames) >= busy(draws) else "draws"


def shared_energies(
    ranks: Ranks,
    metric: Metric,
    ends: Tensor,
    frames: Tensor,
    draws: Sequence[Draw],
    *,
    power: int,
    chunk: int,
    split: Split,
    slope: bool = True,
) -> tuple[list[float], Tensor]:
    """Return the path energy on each draw, and the sum of its gradients, by all ranks.

    Arguments as of `path_energy`.
    """
    what = what_to_split(split, len(frames), len(draws), ranks.size)
    function = _by_frames if what == "frames" else _by_draws
    return ranks.call(
        function, Constant(metric), Constant(ends), frames, list(draws), power, chunk, slope
    )


def _by_draws(
    ranks: Ranks,
    metric: Metric,
    ends: Tensor,
    frames: Tensor,
    draws: Sequence[Draw],
    power: int,
    chunk: int,
    slope: bool,
) -> tuple[list[float], Tensor]:
    values = torch.zeros(len(draws), dtype=torch.float64)
    gradient = torch.zeros_like(frames) if slope else frames.new_empty(0)
    for index in range(ranks.rank, len(draws), ranks.size):
        value, part = path_energy(
            metric, ends, frames, draws[index], power=power, chunk=chunk, slope=slope
        )
        values[index] = value
        gradient += part
    return ranks.total(values).tolist(), ranks.total(gradient) if slope else gradient


def _by_frames(
    ranks: Ranks,
    metric: Metric,
    ends: Tensor,
    frames: Tensor,
    draws: Sequence[Draw],
    power: int,
    chunk: int,
    slope: bool,
) -> tuple[list[float], Tensor]:
    """Compute a block of frames, from its end that an even rank has on the left.

    So two neighbours come to their common border at the same time: both at the beginning or
    both at the end of their blocks, and no frame is embedded twice.
    """
    block = ranks.block(len(frames))
    own = frames[block.start : block.stop]
    values = torch.zeros(len(draws), dtype=torch.float64)
    gradient = torch.zeros_like(own) if slope else frames.new_empty(0)
    backwards = ranks.rank % 2 == 1
    for index, draw in enumerate(draws if len(own) else ()):
        beyond = _borders(ranks, metric, ends, len(frames), draw)
        # The step between two ranks is the left one's.
        counted = (ranks.rank == 0, True)
        if backwards:
            beyond, counted = beyond[::-1], counted[::-1]
        value, part = block_energy(
            metric,
            own.flip(0) if backwards else own,
            draw,
            beyond,
            power=power,
            chunk=chunk,
            slope=slope,
            counted=counted,
        )
        values[index] = value
        gradient += part.flip(0) if backwards else part
    scale = energy_scale(len(frames) + 1, power)
    energies = (scale * ranks.total(values)).tolist()
    return energies, scale * ranks.gather(gradient, len(frames)) if slope else gradient


def _borders(
    ranks: Ranks, metric: Metric, ends: Tensor, count: int, draw: Draw
) -> tuple[Border, Border]:
    """Return how to get the embeddings left and right of this rank's frames."""

    def end(number: int) -> Border:
        def embedded(own: Embedding) -> Embedding:
            del own
            with torch.no_grad():
                return metric.embed(ends[number : number + 1], draw)

        return embedded

    def neighbour(rank: int) -> Border:
        return lambda own: ranks.exchange(own, rank)

    last = ranks.rank + 1 == ranks.size or not block_of(ranks.rank + 1, ranks.size, count)
    return (
        end(0) if ranks.rank == 0 else neighbour(ranks.rank - 1),
        end(1) if last else neighbour(ranks.rank + 1),
    )
