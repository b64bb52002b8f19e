"""Errors: relative ones, and what is within which tolerance."""

from __future__ import annotations

import math

import torch

from elpips.scripts.parity.errors import (
    largest,
    largest_difference,
    largest_relative,
    relative,
    within,
)


def test_relative_errors_are_of_the_norm() -> None:
    expected = torch.tensor([3.0, 4.0])
    assert abs(relative(expected + torch.tensor([0.0, 0.5]), expected) - 0.1) < 1e-6
    assert relative(torch.zeros(2), torch.zeros(2)) == 0
    assert relative(expected, torch.zeros(2)) == math.inf
    assert abs(largest_relative(torch.tensor([1.0, 2.2]), torch.tensor([1.0, 2.0])) - 0.1) < 1e-6


def test_other_shapes_are_infinitely_far() -> None:
    assert largest_difference(torch.zeros(2, 3), torch.zeros(3, 2)) == math.inf
    assert largest_difference(torch.tensor([1.0, 5.0]), torch.tensor([1.5, 4.0]).double()) == 1


def test_nan_is_the_largest_and_within_nothing() -> None:
    assert math.isnan(largest([0.5, math.nan]))
    assert not within(math.nan, 1e9)
    assert within(None, 0) and within(0.1, 0.1) and not within(0.2, 0.1)
