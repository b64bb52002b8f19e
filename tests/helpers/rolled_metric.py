"""A metric whose draws are rolled: what it says of rolled images, another says of images."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from elpips.metrics import Draw, Embedding, EnsembleDraw, Metric


class Rolled(Metric):
    """A metric of images that tile, for images rolled by shares of their sides.

    Under each of its draws it embeds rolled images as the other one does images that are not,
    bit by bit.
    """

    stochastic = True

    def __init__(self, metric: Metric, shares: tuple[float, float]) -> None:
        """Roll the draws of a metric of images that tile on both axes, by shares (y, x)."""
        super().__init__()
        self.name, self.tile = metric.name, metric.tile
        self.metric, self.shares = metric, shares

    def tiled(self, tile: str) -> Metric:
        """Return itself."""
        assert tile == self.tile
        return self

    def draw(
        self, size: tuple[int, int], generator: torch.Generator | None = None, batch: int = 1
    ) -> Draw:
        """Draw, and roll back."""
        draw = self.metric.draw(size, generator, batch)
        assert isinstance(draw, EnsembleDraw) and draw.offset is not None
        return replace(draw, offset=tuple(self._back(pair, size) for pair in draw.offset))

    def embed(self, images: Tensor, draw: Draw) -> Embedding:
        """Embed images as the metric does."""
        return self.metric.embed(images, draw)

    def _back(self, pair: tuple[int, int], size: tuple[int, int]) -> tuple[int, int]:
        y, x = (
            (by - int(share * side)) % side
            for by, share, side in zip(pair, self.shares, size, strict=True)
        )
        return y, x
