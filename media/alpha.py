"""Pictures with transparency: colours multiplied by alpha inside, straight in files.

Inside a picture of RGBA is (4, H, W), its colours multiplied by alpha, so that nothing hides
under what is transparent: scaling and mixing make no fringes of colours that nobody sees. Files
hold straight colours. Where no alpha is left to divide by, these are the nearest visible ones:
programs that scale straight colours then find no black at the edges of objects.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..rgba import has_alpha, over

_SQUARE = 8
# Mid tones: neither white nor black objects are lost on it.
_LIGHT, _DARK = 0.6, 0.4


def premultiplied(images: Tensor) -> Tensor:
    """Return straight images (..., 4, H, W) with their colours multiplied by alpha."""
    alpha = images[..., 3:, :, :]
    return torch.cat([images[..., :3, :, :] * alpha, alpha], -3)


def within_alpha(images: Tensor) -> Tensor:
    """Cut images (..., C, H, W) to [0, 1], and colours of (..., 4, H, W) to their alpha."""
    images = images.clamp(0, 1)
    if not has_alpha(images):
        return images
    alpha = images[..., 3:, :, :]
    return torch.cat([torch.minimum(images[..., :3, :, :], alpha), alpha], -3)


def straight(images: Tensor, levels: int = 255) -> Tensor:
    """Return images (..., 4, H, W) as files hold them, on the CPU in float64.

    Where alpha is 0 when it is rounded to so many levels, colours are those of the nearest
    pixel where it is not; of an image without any, black. Images of RGB come back as they are.
    """
    images = images.detach().to("cpu", torch.float64)
    if not has_alpha(images):
        return images
    alpha = images[..., 3:, :, :].clamp(0, 1)
    seen = (alpha * levels).round() > 0
    colours = torch.where(seen, images[..., :3, :, :] / alpha.where(seen, torch.ones(())), 0.0)
    flat = colours.reshape(-1, *colours.shape[-3:])
    for each, visible in zip(flat, seen.reshape(-1, *seen.shape[-2:]), strict=True):
        if visible.any() and not visible.all():
            rows, columns = _nearest(visible)
            each.copy_(each[:, rows, columns])
    return torch.cat([flat.view(colours.shape).clamp(0, 1), alpha], -3)


def on_checkers(images: Tensor) -> Tensor:
    """Return images (..., 4, H, W) over grey squares of 8 pixels, (..., 3, H, W).

    Images of RGB come back as they are.
    """
    if not has_alpha(images):
        return images
    rows, columns = (torch.arange(side) // _SQUARE for side in images.shape[-2:])
    odd = (rows[:, None] + columns) % 2 == 1
    return over(images, torch.where(odd, _DARK, _LIGHT).to(images))


def _nearest(visible: Tensor) -> tuple[Tensor, Tensor]:
    """Return row and column (H, W) of the nearest place that is True."""
    # Imported here: it takes long to load.
    from scipy.ndimage import distance_transform_edt

    rows, columns = distance_transform_edt(
        ~visible.numpy(), return_distances=False, return_indices=True
    )
    return torch.from_numpy(rows).long(), torch.from_numpy(columns).long()
