"""A small 1-Lipschitz network: wavelets, and lengths of neighbouring coefficients.

A group of coefficients y becomes (sqrt(1 - w) y, sqrt(w) |y|), which moves no two groups
farther apart. The length |y| does not see where an edge lies within the group, but all of what
blur takes from it; in what proportion coefficients and lengths count, in groups of which size,
is what is learnt.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..errors import InputError
from .resize import Resampling

GROUPS = ((1, False, False), (2, False, True), (4, False, True), (2, True, True))
"""Groups whose lengths count: side of a square of places, and whether all directions, and all
colours, are in it."""

# Brightness, red to blue, green to magenta.
_COLOURS = ((1.0, 1.0, 1.0), (1.0, 0.0, -1.0), (1.0, -2.0, 1.0))
_DIRECTIONS = 3
# Inside the square root, so that the gradient is finite where a group vanishes.
_EPSILON = 1e-8
# The first gains before the logistic function: 0.95; the first weight of coefficients against
# that of each kind of length, before the exponential function.
_GAIN, _FIRST = 3.0, 2.0


@dataclass(frozen=True)
class SmallSize:
    """Numbers that make a small network.

    Attributes
    ----------
    side
        Of the images, in pixels; a multiple of 2^scales.
    scales
        Of the wavelets, each of half the resolution of the one before.
    """

    side: int = 64
    scales: int = 5

    def __post_init__(self) -> None:
        """Check the numbers; raises `InputError`."""
        if self.scales < 1 or self.side < 2**self.scales or self.side % 2**self.scales:
            raise InputError(f"{self}: expected a side that is a multiple of 2^scales, scales >= 1")


class SmallNetwork(nn.Module):
    """Haar wavelets of three colours, each with gains, and lengths of groups of them.

    Images are (N, 3, side, side) RGB in [0, 1]. phi is all of it, one after the other, and a
    constant. It begins near the identity. Parameters, all of them free:

    - ``gain`` (scales, 3, 3) by scale, colour and direction, before the logistic function;
    - ``rest`` (3): the gains of the means that are left at the coarsest scale;
    - ``share`` (scales, 3, 1 + `GROUPS`): of the coefficients and of each kind of length in the
      squared distance, before the softmax;
    - ``constant``: the logarithm of the constant.
    """

    resampling: Resampling = "bilinear"

    def __init__(self, size: SmallSize = SmallSize()) -> None:
        super().__init__()
        self.size = size
        self.side = size.side
        colours = len(_COLOURS)
        self.gain = nn.Parameter(torch.full((size.scales, colours, _DIRECTIONS), _GAIN))
        self.rest = nn.Parameter(torch.full((colours,), _GAIN))
        share = torch.zeros(size.scales, colours, 1 + len(GROUPS))
        share[..., 0] = _FIRST
        self.share = nn.Parameter(share)
        self.constant = nn.Parameter(torch.tensor(0.0))
        self._norm = 1.0

    @property
    def lipschitz(self) -> float:
        """Bound on |phi(x) - phi(y)| / |x - y|, as `freeze` found it after rounding."""
        return self._norm

    def freeze(self) -> SmallNetwork:
        """Let no weight change any more, and count the rounding of those that there are."""
        with torch.no_grad():
            colours = torch.linalg.matrix_norm(_colours(self.gain).double(), 2)
            gains, roots = self.gain.sigmoid().double(), self._roots().double()
            bands = gains.amax(2) * roots.norm(dim=2)
            largest = torch.maximum(bands.max(), self.rest.sigmoid().double().max())
        self._norm = max(1.0, float(colours * largest))
        return self.requires_grad_(False).eval()

    def forward(self, images: Tensor) -> Tensor:
        """Return phi (N, D) of images (N, 3, side, side)."""
        x = torch.einsum("ij,njhw->nihw", _colours(images), images)
        parts = []
        for gain, roots in zip(self.gain.sigmoid(), self._roots(), strict=True):
            x, bands = haar(x)
            y = bands * gain[..., None, None]
            parts.append(y * roots[:, 0, None, None, None])
            for root, (side, *together) in zip(roots.T[1:], GROUPS, strict=True):
                if side <= y.shape[-1]:
                    parts.append(lengths(y * root[:, None, None, None], side, *together))
        parts.append(x * self.rest.sigmoid()[:, None, None])
        constant = self.constant.exp().expand(len(x), 1)
        return torch.cat([*(each.flatten(1) for each in parts), constant], dim=1)

    def _roots(self) -> Tensor:
        return self.share.softmax(2).sqrt()


def haar(x: Tensor) -> tuple[Tensor, Tensor]:
    """Split (N, C, H, W) by the Haar wavelet into means and differences, an orthogonal map.

    Returns
    -------
    means, differences
        (N, C, H / 2, W / 2), twice the means over 2 x 2 pixels, and (N, C, 3, H / 2, W / 2),
        differences along rows, columns and both.
    """
    a, b = x[..., ::2, ::2], x[..., ::2, 1::2]
    c, d = x[..., 1::2, ::2], x[..., 1::2, 1::2]
    top, bottom, left, right = a + b, c + d, a - b, c - d
    differences = torch.stack([left + right, top - bottom, left - right], dim=2)
    return (top + bottom) / 2, differences / 2


def lengths(y: Tensor, side: int, directions: bool, colours: bool) -> Tensor:
    """Return the lengths of groups of coefficients (N, C, 3, H, W), a map of norm 1.

    Groups are squares of ``side`` x ``side`` places (what is left over at the borders is left
    out), of one direction and one colour or of all ``directions``, all ``colours``.
    """
    squares = y.square()
    if together := [axis for axis, all_of in ((1, colours), (2, directions)) if all_of]:
        squares = squares.sum(together, keepdim=True)
    if side > 1:
        squares = F.avg_pool2d(squares.flatten(1, 2), side).unflatten(1, squares.shape[1:3])
        squares = squares * side**2
    return (squares + _EPSILON).sqrt()


def _colours(like: Tensor) -> Tensor:
    """Return the orthogonal matrix of colours, in the type of a tensor and where it is."""
    matrix = torch.tensor(_COLOURS, dtype=torch.float64)
    return (matrix / matrix.norm(dim=1, keepdim=True)).to(like)
