"""A small 1-Lipschitz network of orthogonal layers, made for this project."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..errors import InputError
from .orthogonal import OrthogonalLayer, haar, shift, sort_pairs
from .resize import Resampling

_COLOURS = 3


@dataclass(frozen=True)
class SmallSize:
    """Numbers that make a small network.

    Attributes
    ----------
    side
        Of the images, in pixels; a multiple of 8.
    fine, coarse
        Channels at a quarter and at an eighth of the resolution; multiples of 8, and at least
        48 fine ones.
    fine_depth, coarse_depth
        Layers there that see their neighbours.
    """

    side: int = 64
    fine: int = 64
    coarse: int = 192
    fine_depth: int = 4
    coarse_depth: int = 4

    def __post_init__(self) -> None:
        """Check the numbers; raises `InputError`."""
        counts = (self.side, self.fine, self.coarse)
        if any(each < 8 or each % 8 for each in counts) or self.fine < 16 * _COLOURS:
            raise InputError(f"{self}: expected multiples of 8, and 48 fine channels or more")
        if min(self.fine_depth, self.coarse_depth) < 0:
            raise InputError(f"{self}: expected depths of 0 or more")


class SmallNetwork(nn.Module):
    """Haar wavelets, then orthogonal layers with shifts and sorted pairs, on two scales.

    Images are (N, 3, side, side) RGB in [0, 1]. phi is a map of ``coarse`` channels at an
    eighth of the resolution, flattened: places are compared with places. Only two layers
    can make differences smaller, by leaving channels out (between the scales) and by gains (the
    last one).

    Parameters
    ----------
    size
        What it is made of.
    generator
        For its first weights, on the CPU; None: torch's global one.
    """

    resampling: Resampling = "bilinear"

    def __init__(
        self, size: SmallSize = SmallSize(), generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        self.size = size
        self.side = size.side
        fine, coarse = size.fine, size.coarse
        inputs = 16 * _COLOURS
        self.first = OrthogonalLayer(inputs, fine, generator=generator)
        self.fine = nn.ModuleList(
            OrthogonalLayer(fine, fine, generator=generator) for _ in range(size.fine_depth)
        )
        self.between = OrthogonalLayer(4 * fine, coarse, weighted=True, generator=generator)
        self.coarse = nn.ModuleList(
            OrthogonalLayer(coarse, coarse, generator=generator) for _ in range(size.coarse_depth)
        )
        self.last = OrthogonalLayer(coarse, coarse, weighted=True, generator=generator)
        self._norms = 1.0

    @property
    def lipschitz(self) -> float:
        """Bound on |phi(x) - phi(y)| / |x - y|: the norms of all matrices, as `freeze` found."""
        return self._norms

    def freeze(self) -> SmallNetwork:
        """Compute the orthogonal matrices once and for all, and their norms after rounding."""
        self._norms = 1.0
        for layer in self.modules():
            if isinstance(layer, OrthogonalLayer):
                self._norms *= max(1.0, layer.freeze())
        return self.requires_grad_(False).eval()

    def forward(self, images: Tensor) -> Tensor:
        """Return phi (N, coarse (side / 8)^2) of images (N, 3, side, side)."""
        x = sort_pairs(self.first(haar(haar(images))))
        for index, layer in enumerate(self.fine):
            x = sort_pairs(layer(shift(x, back=index % 2 == 1)))
        x = sort_pairs(self.between(haar(x)))
        for index, layer in enumerate(self.coarse):
            x = sort_pairs(layer(shift(x, back=index % 2 == 1)))
        return self.last(x).flatten(1)
