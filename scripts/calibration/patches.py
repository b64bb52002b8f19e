"""Random patches of photographs, for training and for validation, that share no pixel."""

from __future__ import annotations

import math
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from ...metrics.errors import InputError
from .random_numbers import integer, uniform

Part = Literal["train", "val"]

_VALIDATION_SHARE = 0.25
_MAX_SCALE = 4.0
# Standard deviation below which a patch is taken for empty sky, and how often another is tried.
_FLAT, _TRIES = 0.04, 8


def region(photograph: Tensor, part: Part) -> Tensor:
    """Return the part of a photograph (3, H, W) that patches of one purpose come from.

    The last quarter of the longer side (right or bottom) is for validation, the rest for
    training.
    """
    axis = 1 if photograph.shape[1] > photograph.shape[2] else 2
    side = photograph.shape[axis]
    held_out = round(side * _VALIDATION_SHARE)
    if part == "val":
        return photograph.narrow(axis, side - held_out, held_out)
    return photograph.narrow(axis, 0, side - held_out)


def random_patch(image: Tensor, size: int, rng: torch.Generator) -> Tensor:
    """Cut a square of random place and scale, mirrored or not, and average it down.

    Parameters
    ----------
    image
        (3, H, W) in [0, 1], of ``size`` pixels a side or more.
    size
        Side of the patch in pixels.
    rng
        Source of randomness, on the CPU.

    Returns
    -------
    Tensor
        (3, size, size). The scale is log-uniform from 1 to 4, or to what the image allows;
        places without contrast are tried again a few times.

    Raises
    ------
    InputError
        The image is smaller than ``size``.
    """
    short = min(image.shape[1:])
    if short < size:
        raise InputError(
            f"found {image.shape[2]} x {image.shape[1]} pixels for patches of {size}; expected "
            f"at least {size} a side, and a quarter of the longer side is for validation"
        )
    patch = image
    for _ in range(_TRIES):
        scale = math.exp(uniform(rng, 0, math.log(min(_MAX_SCALE, short / size))))
        side = min(short, round(size * scale))
        top = integer(rng, image.shape[1] - side + 1)
        left = integer(rng, image.shape[2] - side + 1)
        window = image[:, top : top + side, left : left + side]
        patch = F.adaptive_avg_pool2d(window, size)
        if patch.std() >= _FLAT:
            break
    return patch.flip(-1) if integer(rng, 2) else patch.clone()
