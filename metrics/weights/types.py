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
    source, sha256
        Where they came from, in words, and the SHA-256 of the original file with the numbers,
        also for a copy in the user cache: it is the same on every machine.
    calibration
        For linear layers, whose numbers they are; begins with ``"stand-in: "`` where they
        are another metric's. None for trunks.
    """

    name: str
    tensors: dict[str, Tensor]
    source: str
    sha256: str
    calibration: str | None = None
