"""The pixel metric: mean squared difference, the baseline whose geometry is flat."""

from __future__ import annotations

import copy

import torch
from torch import Tensor

from .base import Draw, Embedding, Metric, check_images
from .tiling import Tile, wrap_of


class L2(Metric):
    """Mean squared difference over pixels and channels.

    Its barycenter is the weighted pixel mean and its geodesic the cross-fade, which makes
    it the ground truth for tests of the solvers.
    """

    name = "l2"

    def __init__(self) -> None:
        super().__init__()
        self.eval()

    def tiled(self, tile: Tile) -> L2:
        """Return the same metric: to it pixels have no neighbours."""
        if not any(wrap_of(tile)):
            return self
        found = copy.copy(self)
        found.tile = tile
        return found

    def draw(
        self, size: tuple[int, int], generator: torch.Generator | None = None, batch: int = 1
    ) -> Draw:
        """Return the trivial draw."""
        del size, generator
        return Draw(batch)

    def embed(self, images: Tensor, draw: Draw) -> Embedding:
        """Embed images (N, 3, H, W) in [0, 1] as themselves, scaled."""
        del draw
        check_images(images)
        return Embedding((images * images[0].numel() ** -0.5,))
