"""LipSim as a metric: half the squared distance of directions, 1 - cos."""

from __future__ import annotations

from typing import Protocol, cast

import torch
from torch import Tensor, nn

from ..base import Draw, Embedding, Metric, check_images, image_size
from ..functions import laid_out
from ..weights.types import Weights
from .resize import Resampling, resize, resize_norm

# Inside the square root, so that the gradient is finite where all of phi vanishes.
_EPSILON = 1e-12


class LipschitzNetwork(Protocol):
    """What a network has to offer: images (N, 3, side, side) to phi (N, D)."""

    side: int
    resampling: Resampling

    @property
    def lipschitz(self) -> float:
        """Bound on |phi(x) - phi(y)| / |x - y|."""

    def __call__(self, images: Tensor) -> Tensor:
        """Return phi."""


class LipSim(Metric):
    """The distance 1 - cos(phi(x), phi(y)) of a 1-Lipschitz network phi [1]_.

    Images of any size are resized to the network's. With f = phi / |phi| / sqrt(2) the distance
    is |f(x) - f(y)|^2, which makes f the embedding. It is deterministic.

    Parameters
    ----------
    network
        Frozen, of float32 weights.
    pretrained
        The record of the file it came from.

    References
    ----------
    .. [1] Ghazanfari, Araujo, Krishnamurthy, Khorrami, Garg, "LipSim: A Provably Robust
       Perceptual Similarity Metric", ICLR 2024.
    """

    name = "lipsim"

    def __init__(self, network: LipschitzNetwork, pretrained: tuple[Weights, ...] = ()) -> None:
        super().__init__()
        self.network = cast("nn.Module", network)
        self.pretrained = pretrained
        self.eval()

    @property
    def dtype(self) -> torch.dtype:
        """The type that the network computes in; images may be of any other."""
        return next(self.network.parameters()).dtype

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return next(self.network.parameters()).device

    def draw(
        self, size: tuple[int, int], generator: torch.Generator | None = None, batch: int = 1
    ) -> Draw:
        """Return the trivial draw."""
        del size, generator
        return Draw(batch)

    def embed(self, images: Tensor, draw: Draw) -> Embedding:
        """Embed images (N, 3, H, W) in [0, 1] as directions; see `Metric.embed`."""
        del draw
        phi = self.features(images)
        squared = 2 * (phi.square().sum(1, keepdim=True) + _EPSILON)
        # Layers have an axis besides items and channels.
        return Embedding(((phi * squared.rsqrt())[:, None],))

    def features(self, images: Tensor) -> Tensor:
        """Return phi (N, D) of images (N, 3, H, W) in [0, 1], not normalised.

        Raises
        ------
        InputError
            Images of another shape, type or range.
        """
        check_images(images)
        network = cast("LipschitzNetwork", self.network)
        resized = resize(laid_out(images, self.dtype), network.side, network.resampling)
        return network(resized.to(self.dtype))

    def lipschitz(self, images: Tensor) -> float:
        """Return a bound on |phi(x) - phi(y)| / |x - y| for images (..., H, W) of one size.

        |x - y| is the l2 norm over pixels and channels of the images as they are given; the
        resizing is counted.
        """
        network = cast("LipschitzNetwork", self.network)
        factor = resize_norm(image_size(images), network.side, network.resampling)
        return factor * network.lipschitz
