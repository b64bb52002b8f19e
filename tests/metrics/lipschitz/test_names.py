"""Names in checkpoints of the release."""

from __future__ import annotations

import pytest
import torch

from elpips.metrics.lipschitz.names import checkpoint_name, released_tensors
from elpips.metrics.weights import WeightsError


def test_names_are_translated_both_ways() -> None:
    names = ["base.1.0.kernel", "base.1.11.q", "base.2.1.weight", "base.2.3.bias"]
    found, depth, dense = released_tensors({name: torch.zeros(1) for name in names})
    assert [checkpoint_name(name) for name in found] == names
    assert (depth, dense) == (12, 3)


def test_the_flattening_has_no_tensors() -> None:
    with pytest.raises(WeightsError, match=r"unknown base.2.0.weight"):
        released_tensors({"base.2.0.weight": torch.zeros(1)})
