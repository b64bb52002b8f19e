"""Pictures with transparency: what all storeys know of them."""

from __future__ import annotations

from torch import Tensor

CHANNELS = 4
"""Of premultiplied RGBA: colours multiplied by alpha, and alpha."""


def has_alpha(images: Tensor) -> bool:
    """Return whether images (..., C, H, W) are premultiplied RGBA."""
    return images.ndim >= 3 and images.shape[-3] == CHANNELS
