"""A metric that is random as E-LPIPS is, and whose mean is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from elpips.metrics import Draw, Embedding
from elpips.metrics.pixel import L2

MEAN_FACTOR = 1 + 1 / 12
"""The mean distance, as a multiple of the mean squared difference."""


@dataclass(frozen=True)
class Gain(Draw):
    """A brightness from 0.5 to 1.5."""

    gain: float = 1.0


class Noisy(L2):
    """The L2 metric of images at a random brightness."""

    name = "noisy"
    stochastic = True

    def draw(
        self, size: tuple[int, int], generator: torch.Generator | None = None, batch: int = 1
    ) -> Gain:
        """Draw a brightness."""
        del size
        return Gain(batch, float(0.5 + torch.rand((), generator=generator)))

    def embed(self, images: Tensor, draw: Draw) -> Embedding:
        """Embed images as themselves, brighter or darker."""
        assert isinstance(draw, Gain)
        return Embedding((super().embed(images, draw).layers[0] * draw.gain,))


def mean_square(a: str, b: str) -> float:
    """Return the mean squared difference of two image files, computed without the library."""
    x, y = (np.asarray(Image.open(path), np.float64) / 255 for path in (a, b))
    return float(((x - y) ** 2).mean())
