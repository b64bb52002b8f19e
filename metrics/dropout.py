"""Dropout whose cost is proportional to what is dropped.

A Bernoulli process over n elements is a sequence of geometric gaps: drawing the gaps
gives the dropped positions with exactly the statistics of n independent coin flips, at
the price of about (1 - keep) n random numbers.
"""

from __future__ import annotations

import math
from functools import lru_cache

import torch
from torch import Tensor

from .functions import ZeroAt, is_channels_last

_LAYER_STRIDE = 0x9E3779B9  # odd, and large against neighbouring seeds


class Dropout:
    """The masks of one draw, one after another for the convolutions of a network.

    All images that share the draw share the masks; a batch of draws has masks of its own
    for each item. Kept elements are not scaled here: the 1 / keep is folded into the
    weights of the convolution that follows (`metrics.trunks`). Without seeds nothing is dropped.

    Attributes
    ----------
    layer
        Number of the next convolution. What computes a part of the network again sets it back.
    """

    def __init__(self, keep: float, seeds: tuple[int, ...] = ()) -> None:
        self._keep, self._seeds = keep, seeds
        self.layer = 0

    def __call__(self, x: Tensor) -> Tensor:
        """Return x (N, C, H, W) with dropped elements zero."""
        if not self._seeds:
            return x
        if is_channels_last(x):
            # In the order of memory, where nothing needs to be copied.
            return self(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        positions = _layer_positions(self._keep, self._seeds, self.layer, x[0].numel(), x.device)
        self.layer += 1
        rows = x.flatten(1) if len(self._seeds) == 1 else x.flatten()[None]
        return ZeroAt.apply(rows, positions).view(x.shape)


# Frames come in several batches that share a draw: room for the layers of one or two draws.
@lru_cache(maxsize=32)
def _layer_positions(
    keep: float, seeds: tuple[int, ...], layer: int, size: int, device: torch.device
) -> Tensor:
    """Return what is dropped before a convolution, in images of ``size`` elements.

    For one seed the positions within each image; for several, within a batch of as many.
    """
    generators = [torch.Generator().manual_seed(seed + layer * _LAYER_STRIDE) for seed in seeds]
    dropped = [dropped_positions(size, keep, each) for each in generators]
    return torch.cat([each + i * size for i, each in enumerate(dropped)]).to(device)


def dropped_positions(size: int, keep: float, generator: torch.Generator) -> Tensor:
    """Return the positions in 0..size-1 dropped with probability 1 - keep each.

    Sorted and distinct, (P,) on the CPU like the generator; keep is in (0, 1).
    """
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
