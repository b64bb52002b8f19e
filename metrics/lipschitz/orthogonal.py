"""Orthogonal layers: matrices by Cayley's transform, shifts of channels, sorted pairs.

A convolution is made of what is orthogonal by construction: groups of channels move by a
pixel, and an orthogonal matrix mixes the channels of each pixel. Nothing has to be bounded.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# One in so many channels moves in each of four directions.
_SHARE = 8
# Deviation of the first skew entries, over the root of the side: near the identity.
_SPREAD = 0.2
# The first gains before the logistic function: 0.98.
_GAIN = 4.0


class OrthogonalLayer(nn.Module):
    """The map x -> g (W x + b) over channels, W with orthonormal rows or columns.

    W is the first ``outputs`` rows and ``inputs`` columns of (I + S)^-1 (I - S), orthogonal of
    side max(inputs, outputs); S is skew-symmetric, and ``skew`` what is above its diagonal.
    The gains g lie in (0, 1) and are there for layers that weigh their outputs.

    Parameters
    ----------
    inputs, outputs
        Numbers of channels.
    weighted
        Whether there are gains; they begin near 1.
    generator
        For the first weights, on the CPU; None: torch's global one.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        weighted: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.inputs, self.outputs = inputs, outputs
        self.side = max(inputs, outputs)
        count = self.side * (self.side - 1) // 2
        start = torch.randn(count, generator=generator) * (_SPREAD / self.side**0.5)
        self.skew = nn.Parameter(start)
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.gain = nn.Parameter(torch.full((outputs,), _GAIN)) if weighted else None
        self.register_buffer("frozen", None, persistent=False)

    def matrix(self) -> Tensor:
        """Return W, its rows times the gains, (outputs, inputs)."""
        above = self.skew.new_zeros(self.side, self.side)
        rows, columns = torch.triu_indices(self.side, self.side, 1, device=self.skew.device)
        above[rows, columns] = self.skew
        skew = above - above.mT
        one = torch.eye(self.side, dtype=skew.dtype, device=skew.device)
        whole = torch.linalg.solve(one + skew, one - skew)
        part = whole[: self.outputs, : self.inputs]
        return part if self.gain is None else part * self.gain.sigmoid()[:, None]

    def freeze(self) -> float:
        """Compute the matrix once, in double precision; return its norm as it is in single."""
        with torch.no_grad():
            kept = self.skew.dtype
            self.frozen = self.double().matrix().to(kept)
            self.to(kept)
            return float(torch.linalg.matrix_norm(self.frozen.double(), 2))

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, inputs, H, W) to (N, outputs, H, W)."""
        matrix = self.matrix() if self.frozen is None else self.frozen
        bias = self.bias if self.gain is None else self.bias * self.gain.sigmoid()
        return F.conv2d(x, matrix[:, :, None, None], bias)


def shift(x: Tensor, back: bool = False) -> Tensor:
    """Move four eighths of the channels (N, C, H, W) by a pixel, up, down, left and right.

    ``back``: the other way. What leaves is lost and zeros come in: a permutation with rows
    left out, of norm 1.
    """
    eighth = x.shape[1] // _SHARE
    parts = list(x.split([eighth] * 4 + [x.shape[1] - 4 * eighth], 1))
    order = (1, 0, 3, 2) if back else (0, 1, 2, 3)
    moves = (_up, _down, _left, _right)
    moved = [moves[way](part) for way, part in zip(order, parts[:4], strict=True)]
    return torch.cat([*moved, parts[4]], dim=1)


def haar(x: Tensor) -> Tensor:
    """Turn (N, C, H, W) into (N, 4 C, H / 2, W / 2) by the Haar wavelet, an orthogonal map.

    Sums over 2 x 2 pixels come first, then differences along rows, columns and both.
    """
    a, b = x[..., ::2, ::2], x[..., ::2, 1::2]
    c, d = x[..., 1::2, ::2], x[..., 1::2, 1::2]
    top, bottom, left, right = a + b, c + d, a - b, c - d
    return torch.cat([top + bottom, left + right, top - bottom, left - right], dim=1) / 2


def sort_pairs(x: Tensor) -> Tensor:
    """Sort each channel of the first half with its partner in the second: MaxMin, of norm 1."""
    first, second = x.chunk(2, 1)
    return torch.cat([torch.maximum(first, second), torch.minimum(first, second)], dim=1)


def _up(x: Tensor) -> Tensor:
    return F.pad(x[:, :, 1:], (0, 0, 0, 1))


def _down(x: Tensor) -> Tensor:
    return F.pad(x[:, :, :-1], (0, 0, 1, 0))


def _left(x: Tensor) -> Tensor:
    return F.pad(x[..., 1:], (0, 1))


def _right(x: Tensor) -> Tensor:
    return F.pad(x[..., :-1], (1, 0))
