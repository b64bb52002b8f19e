"""Random numbers of a patch or a distortion, from a generator on the CPU."""

from __future__ import annotations

import hashlib

import torch

_SEED_BYTES = 8


def generator_of(*words: object) -> torch.Generator:
    """Return the generator of what the words name, which no other words share."""
    digest = hashlib.sha256("/".join(map(str, words)).encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:_SEED_BYTES], "little") % 2**63)


def uniform(rng: torch.Generator, low: float, high: float) -> float:
    """Return a number between ``low`` and ``high``."""
    return low + (high - low) * float(torch.rand((), generator=rng))


def integer(rng: torch.Generator, count: int) -> int:
    """Return one of 0..count-1."""
    return int(torch.randint(count, (), generator=rng))


def sign(rng: torch.Generator) -> float:
    """Return 1 or -1."""
    return 1.0 - 2 * integer(rng, 2)
