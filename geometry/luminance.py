"""Luminance: the grey in which motion and detail are looked for."""

from __future__ import annotations

from torch import Tensor

from ..rgba import over

_WEIGHTS = (0.299, 0.587, 0.114)


def luminance(images: Tensor) -> Tensor:
    """Return the luminance (..., H, W) of RGB images (..., 3, H, W): BT.601's weights.

    Of premultiplied RGBA (..., 4, H, W) it is that over mid grey.
    """
    red, green, blue = over(images).unbind(-3)
    return _WEIGHTS[0] * red + _WEIGHTS[1] * green + _WEIGHTS[2] * blue
