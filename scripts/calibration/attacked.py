"""Triplets of which one image or two are attacked, and their distances under that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal, TypeVar

import torch
from torch import Tensor

from .dataset import Triplets

Attacked = Literal["reference", "first", "second", "both"]
"""Which images of a triplet an attack may change; both: the two alternatives, each in a ball of
its own."""

ATTACKED: dict[Attacked, tuple[str, ...]] = {
    "reference": ("ref",),
    "first": ("p0",),
    "second": ("p1",),
    "both": ("p0", "p1"),
}

_Points = TypeVar("_Points")


def attacked_images(triplets: Triplets, attacked: Attacked) -> Tensor:
    """Return the images that an attack may change, (N, K, 3, H, W)."""
    return torch.stack([getattr(triplets, kind) for kind in ATTACKED[attacked]], dim=1)


def with_images(triplets: Triplets, attacked: Attacked, images: Tensor) -> Triplets:
    """Return triplets with images (N, K, 3, H, W) in place of those that may change."""
    return replace(triplets, **dict(zip(ATTACKED[attacked], images.unbind(1), strict=True)))


def attacked_distances(
    triplets: Triplets,
    attacked: Attacked,
    embed: Callable[[Tensor], _Points],
    distance: Callable[[_Points, _Points], Tensor],
) -> Callable[[Tensor], tuple[Tensor, Tensor]]:
    """Return the function from attacked images (N, K, 3, H, W) to the two distances (N,).

    Parameters
    ----------
    triplets
        The images as they are.
    attacked
        Which of them the function's argument stands for. The others are embedded once.
    embed, distance
        Of a metric.
    """
    changed = ATTACKED[attacked]
    with torch.no_grad():
        kept = {
            kind: embed(getattr(triplets, kind))
            for kind in ("ref", "p0", "p1")
            if kind not in changed
        }

    def distances(images: Tensor) -> tuple[Tensor, Tensor]:
        points = kept | {
            kind: embed(image) for kind, image in zip(changed, images.unbind(1), strict=True)
        }
        return tuple(distance(points["ref"], points[kind]) for kind in ("p0", "p1"))  # type: ignore[return-value]

    return distances
