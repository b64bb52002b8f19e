"""Random streams of a run: one seed, several purposes whose numbers never meet."""

from __future__ import annotations

from typing import Literal, get_args

import torch

from .errors import InputError

Purpose = Literal["optimise", "held_out", "evaluate", "init", "residual"]
"""Optimisation, choice of the best iterate, final judgement, random starts, residuals."""


_SEEDS = 2**63


def check_seed(seed: int) -> None:
    """Raise `InputError` unless the seed is one."""
    if not 0 <= seed < _SEEDS:
        raise InputError(f"seed: found {seed}, expected 0 to 2^63 - 1")


def stream(seed: int, purpose: Purpose) -> torch.Generator:
    """Return the generator of one purpose."""
    return torch.Generator().manual_seed(stream_seed(seed, purpose))


def stream_seed(seed: int, purpose: Purpose) -> int:
    """Return the seed of one purpose's stream."""
    check_seed(seed)
    purposes = get_args(Purpose)
    return (seed * len(purposes) + purposes.index(purpose)) % 2**63
