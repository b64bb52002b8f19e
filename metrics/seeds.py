"""Random streams of a run: one seed, several purposes whose numbers never meet."""

from __future__ import annotations

import hashlib
from typing import Literal

import torch

from .errors import InputError

Purpose = Literal["optimise", "held_out", "evaluate", "init", "residual"]
"""Optimisation, choice of the best iterate, final judgement, random starts, residuals."""

_SEEDS = 2**63


def check_seed(seed: int) -> None:
    """Raise `InputError` unless the seed is one, an integer from 0 to 2^63 - 1."""
    is_integer = hasattr(seed, "__index__") and not isinstance(seed, bool)
    if not is_integer or not 0 <= seed < _SEEDS:
        raise InputError(f"seed: found {seed!r}, expected an integer from 0 to 2^63 - 1")


def stream(seed: int, purpose: Purpose) -> torch.Generator:
    """Return the generator of one purpose, on the CPU; errors as of `stream_seed`."""
    return torch.Generator().manual_seed(stream_seed(seed, purpose))


def stream_seed(seed: int, purpose: Purpose) -> int:
    """Return the seed of one purpose's stream: 63 bits of a hash of seed and purpose.

    A purpose that is added changes the numbers of no other. Seeds are integers.

    Raises
    ------
    InputError
        The seed is not in 0 to 2^63 - 1.
    """
    check_seed(seed)
    digest = hashlib.sha256(f"{seed}/{purpose}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1
