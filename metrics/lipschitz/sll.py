r"""SDP-based Lipschitz layers (SLL): residual blocks of norm 1 [1]_.

A block maps x to x - 2 A^T diag(t) relu(A x + b). With t_i = 1 / sum_j |A A^T|_ij exp(q_j - q_i)
its Jacobian has norm at most 1 whichever units are on: diag(1 / t) - A A^T is diagonally
dominant (after a change of scale by exp(q)), so A A^T <= diag(1 / t), and for a projection-like
D <= I of the units, (I - 2 A^T D t A)^T (I - 2 A^T D t A) <= I.

References
----------
.. [1] Araujo, Havens, Delattre, Allauzen, Hu, "A Unified Algebraic Perspective on Lipschitz
   Neural Networks", ICLR 2023, Theorem 3.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
import torch.nn.functional as F
from torch import Tensor, nn

KERNEL = 3
"""Side of the kernels of convolutional blocks, as released with LipSim."""


class SLLBlock(nn.Module, ABC):
    """What both kinds share: ``bias``, ``q`` and the scales t, which `freeze` computes once."""

    bias: nn.Parameter
    q: nn.Parameter

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("frozen", None, persistent=False)

    @abstractmethod
    def scales(self) -> Tensor:
        """Return t (inner,), at least 0."""

    def freeze(self) -> None:
        """Compute t once and for all; weights that change afterwards void the bound."""
        with torch.no_grad():
            self.frozen = self.scales()

    def _scales(self) -> Tensor:
        return self.scales() if self.frozen is None else self.frozen


class SLLConvolution(SLLBlock):
    """The block with A a zero-padded convolution of 3 x 3.

    ``kernel`` (inner, channels, 3, 3), ``bias`` (1, inner, 1, 1), ``q`` (inner,): the names
    and shapes of LipSim's checkpoints. As released, q has no effect here: it cancels, and the
    block is the one with q constant. Images (N, channels, H, W) keep their shape.
    """

    def __init__(self, channels: int, inner: int, generator: torch.Generator | None = None) -> None:
        super().__init__()
        shape = (inner, channels, KERNEL, KERNEL)
        kernel = torch.randn(shape, generator=generator)
        fans = KERNEL**2 * (inner + channels)
        self.kernel = nn.Parameter(kernel * (2 / fans) ** 0.5)
        bound = (KERNEL**2 * channels) ** -0.5
        self.bias = nn.Parameter(_uniform((1, inner, 1, 1), bound, generator))
        self.q = nn.Parameter(torch.randn(inner, generator=generator))

    def scales(self) -> Tensor:
        """Return t; |A A^T| is bounded by the kernels' correlations over all shifts."""
        products = F.conv2d(self.kernel, self.kernel, padding=KERNEL - 1)
        return _reciprocal(products.abs().sum((1, 2, 3)))

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, channels, H, W) to the same shape."""
        hidden = F.relu(F.conv2d(x, self.kernel, self.bias.flatten(), padding=KERNEL // 2))
        hidden = hidden * self._scales()[:, None, None]
        return x - 2 * F.conv_transpose2d(hidden, self.kernel, padding=KERNEL // 2)


class SLLDense(SLLBlock):
    """The block with A a matrix: ``weight`` (inner, width), ``bias`` (1, inner), ``q`` (inner,)."""

    def __init__(self, width: int, inner: int, generator: torch.Generator | None = None) -> None:
        super().__init__()
        weight = torch.randn(inner, width, generator=generator)
        self.weight = nn.Parameter(weight * (2 / (inner + width)) ** 0.5)
        self.bias = nn.Parameter(_uniform((1, inner), width**-0.5, generator))
        self.q = nn.Parameter(torch.randn(inner, generator=generator))

    def scales(self) -> Tensor:
        """Return t; q spreads the bound over the units."""
        gram = (self.weight @ self.weight.mT).abs()
        # Moving all q by a constant changes nothing; about their largest nothing overflows.
        factors = (self.q - self.q.max()).exp()
        return _reciprocal((gram * factors).sum(1) / factors)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, width) to the same shape."""
        hidden = F.relu(F.linear(x, self.weight, self.bias.flatten())) * self._scales()
        return x - 2 * hidden @ self.weight


def _reciprocal(sums: Tensor) -> Tensor:
    """Return 1 / sums, 0 where they are 0, with finite gradients."""
    positive = sums > 0
    return torch.where(positive, 1 / torch.where(positive, sums, 1.0), 0.0)


def _uniform(
    shape: tuple[int, ...], bound: float, generator: torch.Generator | None = None
) -> Tensor:
    return (2 * torch.rand(shape, generator=generator) - 1) * bound
