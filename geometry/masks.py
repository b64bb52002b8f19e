"""Masks: where an image may change, and by how much.

A mask scales the steps of a solver, pixel by pixel, on the way from its coordinates to the
image. Where it is 0 nothing is ever added: these pixels stay as the start has them, bit by bit.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ..metrics import InputError
from ..optim import Preconditioner

_SLACK = 1e-6


@dataclass(frozen=True)
class MaskedPreconditioner:
    """The linear map z -> m S z of a preconditioner S and a mask m.

    Attributes
    ----------
    inner
        S, whose images are (N, 3, H, W).
    mask
        m, in [0, 1]: (H, W), or (N, 1, H, W) where it is another one for each image.
    """

    inner: Preconditioner
    mask: Tensor

    def apply(self, coordinates: Tensor) -> Tensor:
        """Return m S z."""
        return self.mask * self.inner.apply(coordinates)

    def adjoint(self, gradient: Tensor) -> Tensor:
        """Return S^T m g."""
        return self.inner.adjoint(self.mask * gradient)


def masked(preconditioner: Preconditioner, mask: Tensor | None) -> Preconditioner:
    """Return a preconditioner that a mask (H, W) scales; itself where there is none."""
    return preconditioner if mask is None else MaskedPreconditioner(preconditioner, mask)


def unfrozen(gradient: Tensor, mask: Tensor | None) -> Tensor:
    """Return a gradient (N, C, H, W) of what a mask lets move: 0 where the mask is."""
    return gradient if mask is None else gradient.masked_fill(mask == 0, 0.0)


def within(outline: Tensor, mask: Tensor | None) -> Tensor:
    """Return the mask of objects (N, 1, H, W): clear places stay so, whatever is masked there."""
    return outline if mask is None else outline * mask


def check_mask(mask: Tensor | None, images: Tensor, schedule: str) -> Tensor | None:
    """Return a mask for images (..., H, W), of their type and on their device.

    Raises
    ------
    InputError
        It is not (H, W) in [0, 1], is 0 everywhere, or the schedule is the released one, which
        moves pixels off the borders of [0, 1] wherever they are.
    """
    if mask is None:
        return None
    size = tuple(images.shape[-2:])
    if not isinstance(mask, Tensor):
        raise InputError(f"mask: found {type(mask).__name__}, expected a torch.Tensor")
    if tuple(mask.shape) != size:
        raise InputError(
            f"mask: found shape {tuple(mask.shape)}, expected {size}, the images' (H, W)"
        )
    mask = mask.detach().to(images)
    low, high = torch.stack(mask.aminmax()).tolist()
    # Written so that NaN fails.
    if not (low >= -_SLACK and high <= 1 + _SLACK):
        raise InputError(f"mask: found values from {low:.6g} to {high:.6g}, expected [0, 1]")
    if high <= 0:
        raise InputError("mask: is 0 (black) everywhere; expected some of it above, to be changed")
    if schedule != "adaptive":
        raise InputError(f"mask: cannot be kept by the {schedule} schedule; expected adaptive")
    return mask.clamp(0, 1)
