"""Dropout whose cost is proportional to what is dropped.

A Bernoulli process over n elements is a sequence of geometric gaps: drawing the gaps
gives the dropped positions with exactly the statistics of n independent coin flips, at
the price of about (1 - keep) n random numbers.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from metrics.functions import ZeroAt


class Dropout:
    """The masks of one draw, one after another for the convolutions of a network.

    All images that share the draw share the masks; a batch of draws has masks of its own
    for each item. Kept elements are not scaled here: the 1 / keep is folded into the
    weights of the convolution that follows (`metrics.trunks`).
    """

    def __init__(self, keep: float, seeds: tuple[int, ...]) -> None:
        self._keep = keep
        self._generators = [torch.Generator().manual_seed(seed) for seed in seeds]

    def __call__(self, x: Tensor) -> Tensor:
        """Return x (N, C, H, W) with dropped elements zero."""
        if not x.is_contiguous() and x.is_contiguous(memory_format=torch.channels_last):
            # In the order of memory, where nothing needs to be copied.
            return self(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        size = x[0].numel()
        dropped = [dropped_positions(size, self._keep, each) for each in self._generators]
        if len(dropped) == 1:
            rows, positions = x.flatten(1), dropped[0]
        else:
            rows = x.flatten()[None]
            positions = torch.cat([each + i * size for i, each in enumerate(dropped)])
        return ZeroAt.apply(rows, positions.to(x.device)).view(x.shape)


def dropped_positions(size: int, keep: float, generator: torch.Generator) -> Tensor:
    """Return the sorted positions in 0..size-1 dropped with probability 1 - keep each."""
    expected = size * (1 - keep)
    count = math.ceil(expected + 6 * math.sqrt(expected)) + 8
    rate = -math.log(keep)
    position = torch.full((1,), -1)
    found = []
    while int(position[-1]) < size:
        gaps = torch.empty(count, dtype=torch.float64).exponential_(rate, generator=generator)
        position = position[-1] + (gaps.long() + 1).cumsum(0)
        found.append(position)
    positions = torch.cat(found)
    return positions[: int(torch.searchsorted(positions, size))]
