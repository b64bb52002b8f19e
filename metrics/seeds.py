"""Random streams of a run: one seed, several purposes whose numbers never meet."""

from __future__ import annotations

from typing import Literal, get_args

import torch

Purpose = Literal["optimise", "held_out", "evaluate", "init", "residual"]
"""Optimisation, choice of the best iterate, final judgement, random starts, residuals."""


def stream(seed: int, purpose: Purpose) -> torch.Generator:
    """Return the generator of one purpose."""
    return torch.Generator().manual_seed(stream_seed(seed, purpose))


def stream_seed(seed: int, purpose: Purpose) -> int:
    """Return the seed of one purpose's stream."""
    purposes = get_args(Purpose)
    return (seed * len(purposes) + purposes.index(purpose)) % 2**63
