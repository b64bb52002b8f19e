"""Double exposures: what share of a picture is other pictures, mixed; without a network.

Energy, contrast and sharpness do not see it: a picture with every brick drawn over every
stone can be crisp. What does is the share of its detail that a mix of the others explains,
with weights that change from place to place but not from one object's outline to the next.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..metrics import InputError
from .blur import gaussian_blur
from .luminance import luminance

_FINE, _COARSE = 1.0, 4.0
"""Detail is what lies between two Gaussian blurs, in pixels."""

_WINDOW = 6.0
_TINY = 1e-6
_AWAY = (41, 37)
# Of smaller images, half a side is away.
_SMALL = 64


def overlay_share(images: Tensor, inputs: Tensor) -> Tensor:
    """Return the share (N,) of the detail of images that a local mix of the inputs explains.

    The detail of an image (its luminance between Gaussian blurs of 1 and 4 px) is fitted, in
    a Gaussian window of 6 px around each place, by the linear combination of the inputs'
    detail that leaves the least. 1 for a cross-fade, about 0.06 by chance for two inputs
    (`chance_overlay`). A picture that dissolves has little overlay too: read it with contrast.

    Parameters
    ----------
    images
        (N, 3, H, W) RGB in [0, 1].
    inputs
        What they may be mixed of, (K, 3, H, W).
    """
    if images.shape[1:] != inputs.shape[1:]:
        shapes = f"{tuple(images.shape)} and {tuple(inputs.shape)}"
        raise InputError(f"images and inputs differ in shape: {shapes}")
    known, found = _detail(inputs), _detail(images)
    gram = _window(known[:, None] * known).permute(2, 3, 0, 1)
    inverse = torch.linalg.inv(gram + _TINY * torch.eye(len(known), dtype=gram.dtype))
    # With r the products of a detail with the known ones, the best mix explains r^T form r.
    form = (2 * inverse - inverse @ gram @ inverse).permute(2, 3, 0, 1)
    products = _window(found[:, None] * known)
    explained = (products * (form * products[:, None]).sum(2)).sum((1, 2, 3))
    total = _window(found.square()).sum((1, 2))
    return explained / total.clamp(min=torch.finfo(total.dtype).tiny)


def chance_overlay(images: Tensor, inputs: Tensor) -> Tensor:
    """Return what `overlay_share` would be by chance: with the inputs moved elsewhere."""
    sides = zip(inputs.shape[2:], _AWAY, strict=True)
    away = [pixels if side >= _SMALL else side // 2 for side, pixels in sides]
    return overlay_share(images, inputs.roll(away, (2, 3)))


def _detail(images: Tensor) -> Tensor:
    """Return the detail (N, H, W) of images, in float64 on the CPU."""
    grey = luminance(images.detach().cpu().double())
    return gaussian_blur(grey, _FINE) - gaussian_blur(grey, _COARSE)


def _window(values: Tensor) -> Tensor:
    return gaussian_blur(values, _WINDOW)
