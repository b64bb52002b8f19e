"""The E-LPIPS ensemble: which random transformations, and how they are drawn.

Distributions as released by the authors (``elpips/elpips.py``, `sample_ensemble`).
How a draw is applied to images is in `metrics.transforms`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from itertools import permutations
from typing import Literal

import torch
from torch import Tensor

from .base import Draw
from .checks import require_number, require_switch
from .errors import InputError
from .tiling import NO_WRAP, Tile, Wrap, wrap_of

FLIPS: tuple[tuple[int, ...], ...] = ((-1,), (-2,), (-2, -1), ())
"""Axes flipped by flip code 0 (left-right), 1 (up-down), 2 (both), 3 (none)."""

_PERMUTATIONS = torch.tensor(list(permutations(range(3))))
_GAIN_RANGE = (0.2, 1.0)
_SMALLEST_SCALED_SIDE = 64
_SEEDS = 2**62


@dataclass(frozen=True)
class Ensemble:
    """Options of the ensemble; each member can be switched off.

    Attributes
    ----------
    scale
        Box-downscaling by a level s with probability proportional to 1/s^2.
    scale_levels
        Number of levels, or ``"auto"``: the authors' rule by image size,
        max(1, min(H, W) // 64). The released default is 8.
    offset
        Translation by 0 to ``offset_max`` pixels along each axis.
    flip, transpose, permutation
        Flips about either axis or both, exchange of x and y, permutation of the channels.
    gain
        ``"color"``: a factor in [0.2, 1] per channel; ``"brightness"``: one for all
        channels; ``"none"``: off.
    dropout_keep
        Probability with which each input of each convolution is kept; 1 is off.
    fast
        The released ``fast_and_approximate`` variant: scale and offset crop instead of
        padding by reflection, so that borders count less and steps cost less.
    tile
        Axes on which images are a torus: there they are rolled by any number of pixels in
        place of the offset, and nothing is reflected.
    """

    scale: bool = True
    scale_levels: int | Literal["auto"] = "auto"
    offset: bool = True
    offset_max: int = 7
    flip: bool = True
    transpose: bool = True
    permutation: bool = True
    gain: Literal["color", "brightness", "none"] = "color"
    dropout_keep: float = 0.99
    fast: bool = False
    # Said only where it is not none, so that what a run was of reads as before.
    tile: Tile = field(default="none", repr=False)

    def __post_init__(self) -> None:
        """Check the options."""
        for each in fields(self):
            if isinstance(each.default, bool):
                require_switch(each.name, getattr(self, each.name))
        require_number("scale_levels", self.scale_levels, "auto")
        require_number("offset_max", self.offset_max)
        require_number("dropout_keep", self.dropout_keep)
        if self.gain not in ("color", "brightness", "none"):
            raise InputError(f"gain: found {self.gain!r}, expected color, brightness or none")
        if any(self.wrap) and not self.offset:
            raise InputError(f"tile: found {self.tile!r}, which needs the offset, and it is off")

    @property
    def wrap(self) -> Wrap:
        """Which of the axes (y, x) are a circle."""
        return wrap_of(self.tile)

    def levels(self, size: tuple[int, int]) -> int:
        """Return the number of scale levels for images of ``size`` (H, W)."""
        if not self.scale:
            return 1
        if self.scale_levels == "auto":
            return max(1, min(size) // _SMALLEST_SCALED_SIDE)
        return self.scale_levels

    def level_weights(self, size: tuple[int, int]) -> Tensor:
        """Return what the probabilities (levels,) of the scale levels are proportional to."""
        return torch.arange(1.0, self.levels(size) + 1).pow(-2)

    @property
    def is_random(self) -> bool:
        """Whether two draws can differ."""
        return (
            self.scale
            or self.offset
            or self.flip
            or self.transpose
            or self.permutation
            or self.gain != "none"
            or self.dropout_keep < 1
        )


@dataclass(frozen=True)
class EnsembleDraw(Draw):
    """Parameters of one draw (or of a batch of n); the neutral draw by default.

    Attributes
    ----------
    scale_level, scale_offset
        Box size s >= 1 and the (y, x) phase of its grid in 0..s-1; one for the batch.
    transpose
        Whether x and y are exchanged; one for the batch.
    offset
        (y, x) per item, in 0..offset_max, or on an axis that wraps the roll in 0..side-1;
        None: no translation and no padding.
    offset_max
        The largest offset: every image grows by that much (``fast``: shrinks).
    flip
        Per item a code of `FLIPS`; None: off.
    permutation
        Per item three source channels; None: off.
    gain
        Tensor (n, 3) of factors; None: off.
    dropout_seeds
        Per item the seed of its dropout masks; None: off.
    fast
        Crop instead of pad.
    wrap
        Axes (y, x) on which images are rolled and continued by themselves, in place of both.
    """

    scale_level: int = 1
    scale_offset: tuple[int, int] = (0, 0)
    transpose: bool = False
    offset: tuple[tuple[int, int], ...] | None = None
    offset_max: int = 7
    flip: tuple[int, ...] | None = None
    permutation: tuple[tuple[int, int, int], ...] | None = None
    gain: Tensor | None = field(default=None, compare=False)
    dropout_seeds: tuple[int, ...] | None = None
    fast: bool = False
    wrap: Wrap = NO_WRAP

    @property
    def share(self) -> float:
        """Of an image's pixels, the share that goes through the network; borders not counted."""
        return 1 / self.scale_level**2


def draw_ensemble(
    ensemble: Ensemble,
    size: tuple[int, int],
    generator: torch.Generator | None = None,
    batch: int = 1,
) -> EnsembleDraw:
    """Draw ``batch`` transformations for images of ``size`` (H, W).

    As released, scale and transpose are drawn once for the batch, offsets and dropout
    independently per item, and flips, permutations and gains are stratified over the
    batch (Latin hypercube). A member that is off leaves the others' numbers unchanged, and so
    does an axis that wraps.
    """
    level = 1 + int(torch.multinomial(ensemble.level_weights(size), 1, generator=generator))
    scale_offset = torch.randint(level, (2,), generator=generator).tolist()
    transpose = bool(torch.randint(2, (), generator=generator))
    offset = torch.randint(ensemble.offset_max + 1, (batch, 2), generator=generator).tolist()
    flip = _stratified(len(FLIPS), batch, generator).tolist()
    permutation = _PERMUTATIONS[_stratified(len(_PERMUTATIONS), batch, generator)].tolist()
    gain = torch.stack([_latin_uniform(batch, generator) for _ in range(3)], dim=1)
    seeds = torch.randint(_SEEDS, (batch,), generator=generator).tolist()
    for axis in (each for each in (0, 1) if ensemble.wrap[each]):
        rolls = torch.randint(size[axis], (batch,), generator=generator).tolist()
        for item, roll in zip(offset, rolls, strict=True):
            item[axis] = roll
    low, high = _GAIN_RANGE
    gain = low + (high - low) * (gain if ensemble.gain == "color" else gain[:, :1].expand(-1, 3))
    return EnsembleDraw(
        batch=batch,
        scale_level=level,
        scale_offset=(scale_offset[0], scale_offset[1]),
        transpose=transpose and ensemble.transpose,
        offset=tuple((y, x) for y, x in offset) if ensemble.offset else None,
        offset_max=ensemble.offset_max,
        flip=tuple(flip) if ensemble.flip else None,
        permutation=tuple((r, g, b) for r, g, b in permutation) if ensemble.permutation else None,
        gain=gain if ensemble.gain != "none" else None,
        dropout_seeds=tuple(seeds) if ensemble.dropout_keep < 1 else None,
        fast=ensemble.fast,
        wrap=ensemble.wrap,
    )


def _stratified(values: int, batch: int, generator: torch.Generator | None) -> Tensor:
    """Return ``batch`` of 0..values-1 in random order, as equally often as possible."""
    repeats = -(-batch // values)
    shuffled = torch.randperm(values * repeats, generator=generator)
    return shuffled[:batch] % values


def _latin_uniform(batch: int, generator: torch.Generator | None) -> Tensor:
    """Return ``batch`` numbers in [0, 1), one in each of ``batch`` equal strata, shuffled."""
    strata = torch.randperm(batch, generator=generator)
    return (strata + torch.rand(batch, generator=generator)) / batch
