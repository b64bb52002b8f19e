"""Triplets of a 2AFC set: a patch of a photograph and two distorted copies of it."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from ...media.write import to_uint8
from ...metrics.errors import InputError
from .families import distort
from .patches import Part, random_patch, region
from .random_numbers import generator_of, integer, uniform
from .set_options import SetOptions

PHOTOGRAPHS = (
    "astronaut",
    "camera",
    "chelsea",
    "coffee",
    "hopper",
    "hubble",
    "motorcycle_left",
    "retina",
    "rocket",
    "brick",
    "grass",
    "gravel",
    "tissue",
)
"""The samples that patches are cut from: whole photographs, each scene once."""


def check_room(photographs: Mapping[str, Tensor], size: int) -> None:
    """Raise `InputError` for a photograph that is too small for patches of ``size`` pixels."""
    for name, photograph in photographs.items():
        try:
            random_patch(region(photograph, "val"), size, torch.Generator())
        except InputError as error:
            raise InputError(f"{name}: {error}") from None


def triplet_generator(seed: int, part: Part, family: str, index: int) -> torch.Generator:
    """Return the generator of one triplet, which no other triplet shares."""
    return generator_of(seed, part, family, index)


def make_triplet(
    photographs: Mapping[str, Tensor],
    part: Part,
    family: str,
    options: SetOptions,
    rng: torch.Generator,
) -> Tensor:
    """Return a patch and two distorted copies, (3, 3, size, size), in steps of 1/255."""
    photograph = list(photographs.values())[integer(rng, len(photographs))]
    patch = random_patch(region(photograph, part), options.size, rng)
    reference = torch.from_numpy(to_uint8(patch)).permute(2, 0, 1).float() / 255
    common = uniform(rng, *options.strengths)
    copies = []
    for _ in range(2):
        factor = math.exp(options.spread * float(torch.randn((), generator=rng)))
        copies.append(distort(reference, family, min(1.0, common * factor), rng))
    return torch.stack([reference, *copies])
