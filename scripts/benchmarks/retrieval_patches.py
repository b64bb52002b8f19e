"""Patches of photographs to look among, and each of them moved a little to look for."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from ...media.crop import resize_short_side
from ...media.samples import PHOTOGRAPHS, read_photographs
from ...metrics import InputError
from ...metrics.seeds import stream

MOVE = 4
"""Pixels, down and to the right, from a patch to the query for it."""

_LARGEST = 512
_FLAT, _TRIES = 0.03, 8


def load_patches(folder: Path | None, count: int, size: int, seed: int) -> tuple[Tensor, Tensor]:
    """Cut patches at random places of photographs, all photographs alike.

    Parameters
    ----------
    folder
        Photographs; those that come along if None. Short sides above 512 px are scaled to that.
    count
        Number of patches.
    size
        Their side in pixels.
    seed
        Same seed, same patches.

    Returns
    -------
    patches, moved
        (count, 3, size, size) in [0, 1] each; the i-th of ``moved`` is `MOVE` px off the i-th
        of ``patches``. Places without contrast are tried again a few times.

    Raises
    ------
    InputError
        A photograph is too small, or there is none.
    """
    photographs = read_photographs(folder, PHOTOGRAPHS)
    side, rng = size + MOVE, stream(seed, "init")
    scaled = []
    for name, photograph in photographs.items():
        if min(photograph.shape[1:]) < side:
            raise InputError(
                f"{name}: found {min(photograph.shape[1:])} px, expected {side} a side"
            )
        small = min(photograph.shape[1:]) <= _LARGEST
        scaled.append(photograph if small else resize_short_side(photograph, _LARGEST))
    windows = [_window(scaled[index % len(scaled)], side, rng) for index in range(count)]
    cut = torch.stack(windows)
    return cut[..., :size, :size].clone(), cut[..., MOVE:, MOVE:].clone()


def _window(image: Tensor, side: int, rng: torch.Generator) -> Tensor:
    window = image
    for _ in range(_TRIES):
        top, left = (
            int(torch.randint(length - side + 1, (), generator=rng)) for length in image.shape[1:]
        )
        window = image[:, top : top + side, left : left + side]
        if window.std() >= _FLAT:
            break
    return window
