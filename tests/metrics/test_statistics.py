"""Means and their standard errors."""

from __future__ import annotations

import math

import pytest
import torch

from elpips.metrics.statistics import Mean, mean_of, standard_error
from random_images import rng


def test_the_error_is_the_deviation_over_the_root_of_the_number() -> None:
    # Squares 4 + 1 + 1 + 4 over 3 degrees of freedom, over 4 samples.
    samples = torch.tensor([[1.0, 0.0], [2.0, 0.0], [4.0, 0.0], [5.0, 0.0]])
    found = standard_error(samples)
    torch.testing.assert_close(found, torch.tensor([math.sqrt(10 / 3 / 4), 0.0]))


def test_the_shape_is_that_of_a_sample() -> None:
    samples = torch.rand(5, 2, 3, generator=rng(), dtype=torch.float64)
    for stochastic, count in ((True, 5), (True, 1), (False, 1), (False, 5)):
        found = standard_error(samples[:count], stochastic=stochastic)
        assert found.shape == (2, 3) and found.dtype == torch.float64
    assert standard_error(samples[:, 0, 0]).shape == ()


def test_a_single_sample_says_nothing_unless_nothing_is_random() -> None:
    assert standard_error(torch.tensor([3.0])).isnan()
    assert standard_error(torch.tensor([3.0]), stochastic=False) == 0
    assert math.isnan(mean_of([3.0]).standard_error)


def test_the_error_is_how_far_means_lie_from_the_truth() -> None:
    samples = torch.rand(20, 2000, generator=rng(1), dtype=torch.float64)
    errors = (samples.mean(0) - 0.5).abs() / standard_error(samples)
    # Student's t with 19 degrees of freedom exceeds 2.093 in 5 % of cases, +- 0.5 %.
    assert float((errors > 2.093).double().mean()) == pytest.approx(0.05, abs=0.02)


def test_mean_of_takes_numbers_of_any_kind() -> None:
    expected = Mean(2.0, 1 / math.sqrt(3))
    for values in ([1, 2, 3], [1.0, 2.0, 3.0], torch.tensor([1, 2, 3])):
        found = mean_of(values)
        assert (found.mean, found.standard_error) == pytest.approx(
            (expected.mean, expected.standard_error)
        )
    # In double precision whatever the type: in single, the mean is off by 1e-3.
    assert mean_of(torch.full((10001,), 1e4 + 1 / 3).double()).mean == pytest.approx(1e4 + 1 / 3)
