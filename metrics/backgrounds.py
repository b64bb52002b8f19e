"""Pictures with transparency, judged over backgrounds that nobody knows in advance.

A picture of RGBA is (4, H, W): colours multiplied by alpha, and alpha. So nothing hides under
what is transparent, and mixing and resampling make no fringes of colours that nobody sees. Over
a background b it is ``rgb + (1 - alpha) b``. Two such pictures that look alike over all
backgrounds are the same picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ..rgba import CHANNELS, has_alpha, over
from .base import Draw, Embedding, Metric, check_images
from .tiling import Tile


def channels_for(metric: Metric | str, images: Tensor) -> int:
    """Return how many channels images (..., C, H, W) should have that a metric is to judge.

    Any metric of RGB judges those with transparency too, see `suited`.
    """
    if isinstance(images, Tensor) and has_alpha(images):
        return CHANNELS
    return 3 if isinstance(metric, str) else metric.channels


def suited(metric: Metric, images: Tensor) -> Metric:
    """Return a metric of images: itself, or over backgrounds if they have transparency."""
    if metric.channels == CHANNELS or not has_alpha(images):
        return metric
    return OverBackgrounds(metric)


@dataclass(frozen=True)
class BackgroundDraw(Draw):
    """A draw of the inner metric, and backgrounds.

    Attributes
    ----------
    inner
        The draw.
    colours
        (batch, 3, 1, 1) in [0, 1].
    """

    inner: Draw = Draw()  # noqa: RUF009 (frozen, without state)
    colours: Tensor = torch.zeros(1, 3, 1, 1)  # noqa: RUF009 (never written to)

    @property
    def share(self) -> float:
        """Of an image's pixels, the share that goes through the network."""
        return self.inner.share


class OverBackgrounds(Metric):
    """A metric of premultiplied RGBA (N, 4, H, W): the mean over backgrounds of another one.

    Each draw puts all images over one plain colour, each of whose channels is uniform in [0, 1]
    and independent of the others. With a draw of the inner metric that is a point of its
    Hilbert space, so that all certificates hold.

    Parameters
    ----------
    inner
        The metric of RGB.
    """

    channels = CHANNELS
    stochastic = True

    def __init__(self, inner: Metric) -> None:
        super().__init__()
        self.inner = inner
        self.name, self.pretrained, self.tile = inner.name, inner.pretrained, inner.tile
        # None where it has none, as of metrics without one.
        self.ensemble = getattr(inner, "ensemble", None)
        self.eval()

    def tiled(self, tile: Tile) -> Metric:
        """Return the same of the inner metric of images that tile."""
        inner = self.inner.tiled(tile)
        return self if inner is self.inner else OverBackgrounds(inner)

    def draw(
        self, size: tuple[int, int], generator: torch.Generator | None = None, batch: int = 1
    ) -> BackgroundDraw:
        """Draw of the inner metric, and a colour for each of the batch; see `Metric.draw`."""
        inner = self.inner.draw(size, generator, batch)
        return BackgroundDraw(batch, inner, torch.rand(batch, 3, 1, 1, generator=generator))

    def embed(self, images: Tensor, draw: Draw) -> Embedding:
        """Embed images (N, 4, H, W) over the draw's background; see `Metric.embed`."""
        assert isinstance(draw, BackgroundDraw)
        check_images(images, channels=CHANNELS)
        return self.inner.embed(over(images, draw.colours.to(images)), draw.inner)

    def distance(self, a: Embedding, b: Embedding) -> Tensor:
        """Return the inner metric's distances; see `Metric.distance`."""
        return self.inner.distance(a, b)

    def steps(self, before: Embedding, points: Embedding, after: Embedding) -> Tensor:
        """Return the inner metric's distances of neighbours; see `Metric.steps`."""
        return self.inner.steps(before, points, after)
