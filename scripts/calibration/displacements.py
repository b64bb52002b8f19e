"""Distortions that move pixels: the spatial ones of `distortions`, whose contract they keep."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from .random_numbers import integer, uniform


def shift(image: Tensor, strength: float, rng: torch.Generator) -> Tensor:
    """Translate by up to 5 px in a random direction."""
    angle, length = uniform(rng, 0, 2 * math.pi), 0.3 + 4.7 * strength
    return displaced(image, length * direction(angle).expand(2, *image.shape[1:]))


def affine(image: Tensor, strength: float, rng: torch.Generator) -> Tensor:
    """Rotate, scale and shear about the middle, by up to 15 % of the distance to it."""
    height, width = image.shape[1:]
    matrix = torch.randn(2, 2, generator=rng)
    matrix = matrix / matrix.norm() * (0.01 + 0.2 * strength)
    y = torch.arange(height) - (height - 1) / 2
    x = torch.arange(width) - (width - 1) / 2
    places = torch.stack(torch.meshgrid(y, x, indexing="ij"))
    return displaced(image, torch.einsum("ij,jhw->ihw", matrix, places))


def warp(image: Tensor, strength: float, rng: torch.Generator) -> Tensor:
    """Displace by a smooth random field of 2 to 6 nodes a side; rms up to 3 px."""
    nodes = 2 + integer(rng, 5)
    coarse = torch.randn(1, 2, nodes, nodes, generator=rng)
    size = list(image.shape[1:])
    field = F.interpolate(coarse, size, mode="bicubic", align_corners=True)[0]
    field = field / field.square().mean().sqrt().clamp_min(1e-6)
    return displaced(image, (0.2 + 2.8 * strength) * field)


def ghost(image: Tensor, strength: float, rng: torch.Generator) -> Tensor:
    """Blend with a copy that is shifted by 2 to 6 px; up to half and half."""
    angle, length = uniform(rng, 0, 2 * math.pi), uniform(rng, 2, 6)
    moved = displaced(image, length * direction(angle).expand(2, *image.shape[1:]))
    return torch.lerp(image, moved, 0.05 + 0.45 * strength)


def chromatic_aberration(image: Tensor, strength: float, rng: torch.Generator) -> Tensor:
    """Shift red and blue against green, each by up to 3 px."""
    fields = [torch.zeros(2, 1, 1) for _ in range(3)]
    for channel in (0, 2):
        angle = uniform(rng, 0, 2 * math.pi)
        fields[channel] = (0.3 + 2.7 * strength) * direction(angle)
    size = image.shape[1:]
    parts = [displaced(image[c : c + 1], fields[c].expand(2, *size)) for c in range(3)]
    return torch.cat(parts)


def direction(angle: float) -> Tensor:
    """Return the unit vector (2, 1, 1) in (y, x) of an angle in radians."""
    return torch.tensor([math.sin(angle), math.cos(angle)])[:, None, None]


def displaced(image: Tensor, field: Tensor) -> Tensor:
    """Sample an image (C, H, W) at its pixels' places plus a field (2, H, W) of (y, x) px.

    Bicubic, clipped to [0, 1]; beyond the border the image is continued by reflection.
    """
    height, width = image.shape[1:]
    y = torch.arange(height)[:, None] + field[0]
    x = torch.arange(width)[None, :] + field[1]
    grid = torch.stack([2 * x / (width - 1) - 1, 2 * y / (height - 1) - 1], dim=-1)
    moved = F.grid_sample(
        image[None], grid[None], mode="bicubic", padding_mode="reflection", align_corners=True
    )
    return moved[0].clamp(0, 1)
