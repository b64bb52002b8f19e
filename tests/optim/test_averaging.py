"""The running average against the sum it stands for."""

from __future__ import annotations

import torch

from elpips.optim import RunningAverage


def test_it_is_the_weighted_mean() -> None:
    values = torch.rand(6, 2, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    weights = [1.0, 2.0, 0.5, 8.0, 3.0, 1e-3]
    average = RunningAverage(torch.zeros(2, 3, dtype=torch.float64))
    for value, weight in zip(values, weights, strict=True):
        average = average.including(value, weight)
    expected = torch.tensordot(torch.tensor(weights, dtype=torch.float64), values, dims=1)
    torch.testing.assert_close(average.value, expected / sum(weights))
    assert average.mass == sum(weights)


def test_of_the_value_before_the_first_nothing_is_left() -> None:
    first = torch.full((4,), 0.3)
    assert torch.equal(RunningAverage(torch.full((4,), 1e6)).including(first, 7.0).value, first)


def test_the_earlier_average_is_not_changed() -> None:
    before = RunningAverage(torch.ones(3), 1.0)
    after = before.including(torch.zeros(3), 1.0)
    assert torch.equal(before.value, torch.ones(3)) and before.mass == 1
    assert torch.equal(after.value, torch.full((3,), 0.5))
