"""Pictures with transparency: what all storeys know of them."""

from __future__ import annotations

from torch import Tensor

CHANNELS = 4
"""Of premultiplied RGBA: colours multiplied by alpha, and alpha."""


def has_alpha(images: Tensor) -> bool:
    """Return whether images (..., C, H, W) are premultiplied RGBA."""
    return images.ndim >= 3 and images.shape[-3] == CHANNELS


def over(images: Tensor, background: Tensor | float = 0.5) -> Tensor:
    """Return premultiplied images (..., 4, H, W) over a background, (..., 3, H, W).

    ``background`` is a number or broadcasts to the result; mid grey if not given. Images without
    transparency come back as they are.
    """
    if not has_alpha(images):
        return images
    return images[..., :3, :, :] + (1 - images[..., 3:, :, :]) * background
