"""Weights on the simplex."""

from __future__ import annotations

import pytest
import torch

from elpips.geometry.simplex import to_simplex, weighted_mean
from elpips.metrics import InputError


def test_the_mean_is_of_the_weights() -> None:
    images = torch.rand(2, 3, 4, 5, generator=torch.Generator().manual_seed(0))
    expected = 0.25 * images[0] + 0.75 * images[1]
    torch.testing.assert_close(weighted_mean(images, to_simplex([1, 3], 2)), expected)


def test_weights_are_brought_to_the_simplex() -> None:
    assert to_simplex([1, 2, 5], 3).tolist() == pytest.approx([0.125, 0.25, 0.625])
    assert to_simplex(None, 4).tolist() == [0.25] * 4
    assert to_simplex([0, 3], 2).tolist() == [0, 1]


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1.0, 2.0], "weights: found 2, expected 3, one per image"),
        ([1.0, -1.0, 1.0], "expected >= 0 and not all 0"),
        ([0.0, 0.0, 0.0], "expected >= 0 and not all 0"),
        ([1.0, float("nan"), 1.0], "expected >= 0 and not all 0"),
        ([1.0, float("inf"), 1.0], "expected >= 0 and not all 0"),
    ],
)
def test_bad_weights_are_refused(weights, message: str) -> None:
    with pytest.raises(InputError, match=message):
        to_simplex(weights, 3)
