"""Images moved until their objects meet: where barycenters without double exposures start."""

from __future__ import annotations

import torch
from torch import Tensor

from ..metrics.tiling import NO_WRAP, Wrap
from .crisp_fade import local_energy
from .texture_flow import mix, object_motion
from .warp import carry, pixel_grid


def meet(images: Tensor, weights: Tensor, wrap: Wrap = NO_WRAP) -> Tensor:
    """Move images (K, 3, H, W) until their objects meet, and mix them, (1, 3, H, W).

    What belongs together (`object_motion`, of every image to every other) goes to the mean,
    by ``weights`` (K,) that sum to 1, of the places where the images have it. The time is that
    of K (K - 1) optical flows, of the K images that have any weight.
    """
    images, weights = images[weights > 0], weights[weights > 0]
    grid = pixel_grid(images)
    places = []
    for index, image in enumerate(images):
        motion = torch.zeros_like(grid)
        for other, (weight, towards) in enumerate(zip(weights, images, strict=True)):
            if other != index:
                motion = motion + weight * object_motion(image, towards, wrap=wrap)
        places.append(grid - carry(motion, grid, 1.0, wrap))
    return mix(images, local_energy(images, wrap), torch.stack(places), weights, wrap)[None]
