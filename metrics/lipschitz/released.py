"""The network that was released with LipSim [1]_, in its four sizes.

References
----------
.. [1] Ghazanfari, Araujo, Krishnamurthy, Khorrami, Garg, "LipSim: A Provably Robust Perceptual
   Similarity Metric", ICLR 2024.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .resize import Resampling
from .sll import SLLBlock, SLLConvolution, SLLDense

_COLOURS = 3
_POOL = 4
# The rounding of a block's float32 scales can lift its norm above 1 by this much.
_ROUNDING = 2.0**-20


@dataclass(frozen=True)
class ReleasedSize:
    """Numbers that make a network of the release.

    Attributes
    ----------
    depth, channels
        Of the convolutional blocks.
    dense_depth, features
        Of the dense blocks, and their inner width.
    inner
        Inner width of the convolutional blocks.
    side
        Of the images, in pixels.
    outputs
        Coordinates that are kept: 1792 for DreamSim as the teacher, 768 for DINO, 512 for CLIP.
    """

    depth: int = 20
    channels: int = 45
    dense_depth: int = 7
    features: int = 1024
    inner: int = 5
    side: int = 224
    outputs: int = 1792

    @property
    def width(self) -> int:
        """Coordinates after the two poolings."""
        return self.channels * (self.side // _POOL // _POOL) ** 2


SIZES: Mapping[str, ReleasedSize] = {
    "small": ReleasedSize(),
    "medium": ReleasedSize(30, 60, 10, 2048),
    "large": ReleasedSize(50, 90, 10, 2048),
    "xlarge": ReleasedSize(70, 120, 15, 2048),
}


class ReleasedNetwork(nn.Module):
    """Zero-padded channels, SLL convolutions, two poolings, SLL dense blocks, truncation.

    Images are (N, 3, side, side) RGB in [0, 1], without mean or deviation. Every part has
    norm 1 at most.

    Parameters
    ----------
    size
        What it is made of.
    generator
        For its first weights, on the CPU; None: torch's global one.
    """

    resampling: Resampling = "bicubic"

    def __init__(
        self, size: ReleasedSize = ReleasedSize(), generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        self.size = size
        self.side = size.side
        self.convolutions = nn.ModuleList(
            SLLConvolution(size.channels, size.inner, generator) for _ in range(size.depth)
        )
        self.dense = nn.ModuleList(
            SLLDense(size.width, size.features, generator) for _ in range(size.dense_depth)
        )

    @property
    def lipschitz(self) -> float:
        """Bound on |phi(x) - phi(y)| / |x - y|, the rounding of the blocks' scales counted."""
        return (1 + _ROUNDING) ** (self.size.depth + self.size.dense_depth)

    def freeze(self) -> ReleasedNetwork:
        """Compute what does not depend on images once and for all; see `SLLBlock.freeze`."""
        for block in self.modules():
            if isinstance(block, SLLBlock):
                block.freeze()
        return self.requires_grad_(False).eval()

    def forward(self, images: Tensor) -> Tensor:
        """Return phi (N, outputs) of images (N, 3, side, side)."""
        x = F.pad(images, (0, 0, 0, 0, 0, self.size.channels - _COLOURS))
        for block in self.convolutions:
            x = block(x)
        x = pool(pool(x)).flatten(1)
        for block in self.dense:
            x = block(x)
        return x[:, : self.size.outputs]


def pool(x: Tensor) -> Tensor:
    """Sum 4 x 4 pixels and divide by 4: a quarter of their number, which makes the norm 1."""
    return F.avg_pool2d(x, _POOL, divisor_override=_POOL)
