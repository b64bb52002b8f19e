"""Patches to look among."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from elpips.metrics import InputError
from elpips.scripts.benchmarks.retrieval_patches import MOVE, load_patches


def test_queries_are_the_patches_moved() -> None:
    patches, moved = load_patches(None, 12, 32, 0)
    assert patches.shape == moved.shape == (12, 3, 32, 32)
    assert torch.equal(patches[..., MOVE:, MOVE:], moved[..., :-MOVE, :-MOVE])
    assert torch.equal(load_patches(None, 12, 32, 0)[0], patches)
    assert not torch.equal(load_patches(None, 12, 32, 1)[0], patches)
    # Places with contrast, and no place twice.
    assert (patches.flatten(1).std(1) > 0.01).all()
    assert len(patches.flatten(1).unique(dim=0)) == 12


def test_a_folder_of_ones_own(folder: Path) -> None:
    patches, _ = load_patches(folder, 5, 16, 0)
    assert patches.shape == (5, 3, 16, 16)
    with pytest.raises(InputError, match=r"a\.png: found 24 px, expected 36 a side"):
        load_patches(folder, 5, 32, 0)
