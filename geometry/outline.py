"""Objects on transparency: one outline that goes over into another, and colours inside it.

Where two objects of different shapes are faded, all that only one of them covers is half
transparent in the middle: a halo. Here shapes go over instead: distances from their outlines are
mixed [1]_, one level of alpha after the other, and each is cut so that areas go evenly, too. So
edges stay as sharp as they are, and shapes apart from each other do not vanish on the way. Colours
are those of the objects, continued beyond their edges.

References
----------
.. [1] Raya, Udupa, "Shape-based interpolation of multidimensional objects", IEEE Transactions
   on Medical Imaging, 1990.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..metrics.tiling import NO_WRAP, Wrap, pad_around
from .blur import gaussian_blur

_LEVELS = 16
# Pixels over which a level goes from clear to opaque: edges have many levels, one beside another.
_EDGE = 0.5
_SIGMAS = (32.0, 16.0, 8.0, 4.0, 2.0, 1.0)
# The share of a neighbourhood that has to be visible for its colours to be taken.
_VISIBLE = 0.02
_TINY = 1e-6


@dataclass(frozen=True)
class Outlines:
    """The shapes of pictures with transparency, and those between them.

    Attributes
    ----------
    sets
        (K, L, H, W), whether alpha is above each of L levels.
    distances
        (K, L, H, W), how far pixels are inside of these, in pixels; negative outside.
    """

    sets: Tensor
    distances: Tensor

    @classmethod
    def of(cls, images: Tensor, wrap: Wrap = NO_WRAP) -> Outlines:
        """Measure images (K, 4, H, W)."""
        alphas = images[:, 3]
        levels = (torch.arange(_LEVELS).to(alphas) + 0.5) / _LEVELS
        sets = alphas[:, None] > levels[:, None, None]
        return cls(sets, _distances(sets, wrap).to(alphas))

    def between(self, weights: Sequence[float] | Tensor) -> Tensor:
        """Return the alpha (1, H, W) of a mix by weights (K,) that sum to 1."""
        share = torch.as_tensor(weights).to(self.distances)
        mixed = torch.einsum("k,klhw->lhw", share, self.distances)
        areas = self.sets.flatten(2).sum(2).to(share)
        pixels = mixed[0].numel()
        # A level that one of the shapes has nowhere, or everywhere, has no outline there.
        open_levels = ((areas == 0) | (areas == pixels)).any(0)
        total = torch.zeros_like(mixed[0])
        for level, distance in enumerate(mixed):
            if open_levels[level]:
                total += torch.einsum("k,khw->hw", share, self.sets[:, level].to(share))
                continue
            # The place in the order of pixels, the innermost first, at which the area is filled.
            last = min(max(int((share @ areas[:, level]).round()), 1), pixels - 1)
            ranked = -distance.flatten()
            cut = (ranked.kthvalue(last).values + ranked.kthvalue(last + 1).values) / 2
            total += ((distance + cut) / _EDGE + 0.5).clamp(0, 1)
        return (total / len(mixed))[None]


def spread_colours(images: Tensor, wrap: Wrap = NO_WRAP) -> Tensor:
    """Return the colours (N, 3, H, W) of images (N, 4, H, W), continued where they are clear.

    Farther from what is visible they are means of more of it.
    """
    colours, alpha = images[:, :3], images[:, 3:]
    filled = torch.zeros_like(colours)
    for sigma in _SIGMAS:
        near, weight = (gaussian_blur(each, sigma, wrap) for each in (colours, alpha))
        known = weight > (_VISIBLE if sigma < _SIGMAS[0] else _TINY)
        filled = torch.where(known, near / weight.clamp(min=_TINY), filled)
    own = (colours / alpha.clamp(min=_TINY)).clamp(0, 1)
    return torch.lerp(filled, own, alpha).clamp(0, 1)


def inside(colours: Tensor, alpha: Tensor) -> Tensor:
    """Return premultiplied images (N, 4, H, W) of colours (N, 3, H, W) and alpha (N, 1, H, W).

    Or of one alpha (1, 1, H, W) for all.
    """
    return torch.cat([colours * alpha, alpha.expand(len(colours), -1, -1, -1)], 1)


def _distances(inside: Tensor, wrap: Wrap) -> Tensor:
    """Return signed distances (K, L, H, W) from the outlines of sets of pixels."""
    # It loads slowly.
    from scipy.ndimage import distance_transform_edt

    height, width = inside.shape[-2:]
    pads = (height // 2 if wrap[0] else 0, width // 2 if wrap[1] else 0)
    continued = pad_around(inside.float(), pads, pads).cpu().numpy() > 0
    found = torch.zeros(inside.shape)
    rows, columns = slice(pads[0], pads[0] + height), slice(pads[1], pads[1] + width)
    for index, sets in enumerate(continued):
        for level, each in enumerate(sets):
            if each.any() and not each.all():
                signed = distance_transform_edt(each) - distance_transform_edt(~each)
                # Outlines run between pixels, half a one from those on both sides.
                halves = torch.from_numpy(signed).float()[rows, columns]
                found[index, level] = halves - halves.sign() / 2
    return found
