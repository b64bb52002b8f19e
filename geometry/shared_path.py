"""The path energy by ranks: each, or the only one, has frames in a row or draws of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from ..metrics import Draw, Metric
from .company import Company
from .path_energy import Border, block_energy, end_points, energy_scale, path_energy
from .ranks import Ranks, block_of

Split = Literal["auto", "frames", "draws"]
"""What ranks share: the frames of a path, the draws of a step, or what divides better."""


def what_to_split(split: Split, frames: int, draws: int, size: int) -> Split:
    """Return what keeps ``size`` ranks busier, frames or draws, or what is asked for."""
    if split != "auto":
        return split

    def busy(count: int) -> float:
        return count / (size * -(-count // size))

    return "frames" if busy(frames) >= busy(draws) else "draws"


@dataclass(frozen=True)
class Task:
    """What is to be computed of a path; its fields are arguments of `path_energy`.

    Attributes
    ----------
    draws
        Draws, on each of which the energy is computed.
    """

    draws: tuple[Draw, ...]
    power: int = 1
    chunk: int = 4
    slope: bool = True


def by_draws(
    ranks: Company, metric: Metric, ends: Tensor, frames: Tensor, task: Task
) -> tuple[list[float], Tensor]:
    """Return the path energy on each draw, and the sum of its gradients, each draw a rank's.

    Arguments as of `path_energy`; see `Ranks.call`.
    """
    power, chunk, slope = task.power, task.chunk, task.slope
    values = torch.zeros(len(task.draws), dtype=torch.float64)
    gradient = torch.zeros_like(frames) if slope else frames.new_empty(0)
    for index in range(ranks.rank, len(task.draws), ranks.size):
        value, part = path_energy(
            metric, ends, frames, task.draws[index], power=power, chunk=chunk, slope=slope
        )
        values[index] = value
        gradient += part
    return ranks.total(values).tolist(), ranks.total(gradient) if slope else gradient


def by_frames(
    ranks: Ranks, metric: Metric, ends: Tensor, frames: Tensor, task: Task
) -> tuple[list[float], Tensor]:
    """Return the same as `by_draws`, each block of frames a rank's.

    A block is computed from its end that an even rank has on the left. So two neighbours come to
    their common border at the same time: both at the beginning or both at the end of their
    blocks, and no frame is embedded twice.
    """
    block = ranks.block(len(frames))
    own = frames[block.start : block.stop]
    values = torch.zeros(len(task.draws), dtype=torch.float64)
    gradient = torch.zeros_like(own) if task.slope else frames.new_empty(0)
    backwards = ranks.rank % 2 == 1
    for index, draw in enumerate(task.draws if len(own) else ()):
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
            power=task.power,
            chunk=task.chunk,
            slope=task.slope,
            counted=counted,
        )
        values[index] = value
        gradient += part.flip(0) if backwards else part
    scale = energy_scale(len(frames) + 1, task.power)
    energies = (scale * ranks.total(values)).tolist()
    return energies, scale * ranks.gather(gradient, len(frames)) if task.slope else gradient


def _borders(
    ranks: Ranks, metric: Metric, ends: Tensor, count: int, draw: Draw
) -> tuple[Border, Border]:
    """Return how to get the embeddings left and right of this rank's frames."""
    start, end = end_points(metric, ends, draw)

    def neighbour(rank: int) -> Border:
        return lambda own: ranks.exchange(own, rank)

    last = ranks.rank + 1 == ranks.size or not block_of(ranks.rank + 1, ranks.size, count)
    return (
        start if ranks.rank == 0 else neighbour(ranks.rank - 1),
        end if last else neighbour(ranks.rank + 1),
    )
