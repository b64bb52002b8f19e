"""A small network with random weights, as quick as a test needs."""

from __future__ import annotations

import torch

from elpips.metrics import Ensemble
from elpips.metrics.perceptual import PerceptualMetric
from elpips.metrics.trunks import Trunk


class TinyTrunk(Trunk):
    """Input, and one 3 x 3 convolution of 5 channels."""

    smallest_side = 3

    def __init__(self, keep: float = 1.0) -> None:
        """Draw the weights."""
        rng = torch.Generator().manual_seed(3)
        super().__init__(
            {
                "features.0.weight": torch.randn(5, 3, 3, 3, generator=rng),
                "features.0.bias": torch.randn(5, generator=rng) / 10,
            },
            keep,
        )

    def forward(self, x, drop):
        """Return the two layers."""
        return [x, self._conv(x, "0", drop, padding=1)]


LINEAR = [torch.tensor([0.1, 0.0, 0.3]), torch.rand(5, generator=torch.Generator().manual_seed(4))]


def tiny(ensemble: Ensemble | None = None) -> PerceptualMetric:
    """Return an LPIPS of the small network, or an E-LPIPS with an ensemble."""
    return PerceptualMetric(
        "tiny", TinyTrunk(ensemble.dropout_keep if ensemble else 1.0), LINEAR, ensemble
    )
