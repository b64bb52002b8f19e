"""Coordinates in which a step is as large as the images differ, by place and by scale.

A picture is split into lightness and two opponent colours, and those into
difference-of-Gaussian bands. In each, the local spread of the inputs about the start says
how far the solution may have to go there. A solver that takes steps of equal size in these
coordinates moves structure by what structure differs and texture by what texture differs;
its noise is no louder than the inputs' detail, and has no colour where they have none.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from ..metrics.tiling import NO_WRAP, Wrap
from .blur import gaussian_blur

SIGMAS = (1.0, 2.0, 4.0, 8.0)
"""Band edges in pixels; the last band is everything coarser."""

# Rows: lightness, red against green, both against blue; orthonormal.
_OPPONENT = torch.tensor([[1.0, 1, 1], [1, -1, 0], [1, 1, -2]])
_OPPONENT = _OPPONENT / _OPPONENT.norm(dim=1, keepdim=True)

_WINDOW = 3.0
_FLOOR = 1e-3


@dataclass(frozen=True)
class BandPreconditioner:
    """The linear map z -> sum_b B_b C^T (s_b z_b) from band coordinates to images.

    Coordinates are (N, bands, 3, H, W), images (N, 3, H, W). B_b is the (symmetric) filter
    of band b, C the rotation from RGB to opponent channels and s_b > 0 the local spread
    there; with s = 1 the bands add up to the rotated image.

    Attributes
    ----------
    spread
        s, (N, bands, 3, H, W), or (1, ...) for all images alike, in pixel values: one for
        lightness and one for both opponent colours.
    wrap
        Axes (y, x) on which the filters go around.
    """

    spread: Tensor
    wrap: Wrap = NO_WRAP

    @classmethod
    def around(
        cls, start: Tensor, images: Tensor, weights: Tensor, wrap: Wrap = NO_WRAP
    ) -> BandPreconditioner:
        """Measure the spread of images (K, 3, H, W), weights (K,), around start (1, 3, H, W).

        In each band, the root of the weighted mean square over images and a Gaussian
        window a few times wider than the band's detail.
        """
        squares = split(to_opponent(images - start), wrap).square()
        mean = torch.einsum("k,kbchw->bchw", weights.to(images), squares)
        colours = mean[:, 1:3].mean(1, keepdim=True)
        mean = torch.cat([mean[:, :1], colours, colours, mean[:, 3:]], dim=1)
        local = [
            gaussian_blur(band, _WINDOW * max(1.0, sigma / 2), wrap)
            for band, sigma in zip(mean, (*SIGMAS, SIGMAS[-1]), strict=True)
        ]
        # Floors, so that no pixel is frozen where the inputs happen to agree.
        floored = [band + _FLOOR * band.mean((1, 2), keepdim=True) + 1e-10 for band in local]
        return cls(torch.stack(floored)[None].sqrt(), wrap)

    def apply(self, coordinates: Tensor) -> Tensor:
        """Return the images (N, 3, H, W) of coordinates (N, bands, 3, H, W)."""
        return from_opponent(join(self.spread * coordinates, self.wrap))

    def adjoint(self, gradient: Tensor) -> Tensor:
        """Return the gradient in band coordinates of a gradient (N, 3, H, W) on images."""
        return self.spread * split(to_opponent(gradient), self.wrap)


def to_opponent(images: Tensor) -> Tensor:
    """Rotate RGB images (N, 3, H, W) to lightness and two opponent colours."""
    return _rotated(_OPPONENT, images)


def from_opponent(images: Tensor) -> Tensor:
    """Rotate back to RGB: the adjoint and the inverse of `to_opponent`."""
    return _rotated(_OPPONENT.T, images)


def _rotated(matrix: Tensor, images: Tensor) -> Tensor:
    """Rotate colours; a fourth channel, alpha, stays."""
    colours = torch.einsum("oc,nchw->nohw", matrix.to(images), images[:, :3])
    return torch.cat([colours, images[:, 3:]], 1) if images.shape[1] > 3 else colours


def split(images: Tensor, wrap: Wrap = NO_WRAP) -> Tensor:
    """Split images (N, 3, H, W) into bands (N, bands, 3, H, W), fine to coarse."""
    levels = [images, *(gaussian_blur(images, sigma, wrap) for sigma in SIGMAS)]
    differences = [fine - coarse for fine, coarse in pairwise(levels)]
    return torch.stack([*differences, levels[-1]], dim=1)


def join(bands: Tensor, wrap: Wrap = NO_WRAP) -> Tensor:
    """Filter each band by its own filter and add: the adjoint of `split`."""
    fine = bands[:, :-1]
    # sum_b (G_{b-1} - G_b) z_b + G_last z_last, with one blur per sigma.
    steps = bands[:, 1:] - fine
    images = bands[:, 0]
    for index, sigma in enumerate(SIGMAS):
        images = images + gaussian_blur(steps[:, index], sigma, wrap)
    return images
