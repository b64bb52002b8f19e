"""Families of distortions: what a set is trained on, and what is held out for validation.

``traditional`` composes one to three of `distortions` and `displacements`; the others are
`algorithms`.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from ...media.write import to_uint8
from ...metrics.errors import InputError
from .algorithms import deblur, frameinterp, network, recolour, superres
from .displacements import affine, chromatic_aberration, ghost, shift, warp
from .distortions import (
    Distortion,
    bilateral_blur,
    brightness,
    checkerboard,
    colour_shift,
    coloured_noise,
    contrast,
    gaussian_blur,
    impulse_noise,
    jpeg,
    median_blur,
    quantisation,
    saturation,
    white_noise,
)
from .random_numbers import integer

TRADITIONAL: tuple[Distortion, ...] = (
    white_noise,
    coloured_noise,
    impulse_noise,
    checkerboard,
    gaussian_blur,
    median_blur,
    bilateral_blur,
    jpeg,
    brightness,
    contrast,
    saturation,
    colour_shift,
    quantisation,
    shift,
    affine,
    warp,
    ghost,
    chromatic_aberration,
)


def traditional(image: Tensor, strength: float, rng: torch.Generator) -> Tensor:
    """Compose one to three different distortions, weaker the more they are."""
    count = 1 + integer(rng, 3)
    for index in torch.randperm(len(TRADITIONAL), generator=rng)[:count].tolist():
        image = TRADITIONAL[index](image, strength * count**-0.7, rng)
    return image


FAMILIES: Mapping[str, Distortion] = {
    "traditional": traditional,
    "network": network,
    "superres": superres,
    "deblur": deblur,
    "color": recolour,
    "frameinterp": frameinterp,
}
"""Families by the names of their folders; British spelling aside, BAPPS's."""


def distort(image: Tensor, family: str, strength: float, rng: torch.Generator) -> Tensor:
    """Return a distorted copy of an image (3, H, W), with 8-bit values as a file would have.

    Raises
    ------
    InputError
        There is no such family.
    """
    if family not in FAMILIES:
        raise InputError(f"no distortion family {family!r}; expected one of {', '.join(FAMILIES)}")
    distorted = FAMILIES[family](image.float(), strength, rng)
    return torch.from_numpy(to_uint8(distorted)).permute(2, 0, 1).float().div(255).contiguous()
