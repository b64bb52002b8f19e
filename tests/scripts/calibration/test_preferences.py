"""Linear weights from preferences: recovered from synthetic ones, repeatable, non-negative."""

from __future__ import annotations

import pytest
import torch

from elpips.scripts.calibration.preferences import (
    PreferenceOptions,
    fit_preferences,
    two_afc_scores,
)

TRUTH = torch.tensor([0.0, 0.0, 2.0, 0.5, 0.0, 1.0])
QUICK = PreferenceOptions(epochs=6, decay_epochs=2, rate=1e-2, pause=2, warmup=2)


def preferences(count: int = 800, seed: int = 0):
    """Draw features of which three of six explain the preferences."""
    rng = torch.Generator().manual_seed(seed)
    first, second = torch.rand(2, count, len(TRUTH), generator=rng)
    d0, d1 = first @ TRUTH, second @ TRUTH
    return first, second, d0**4 / (d0**4 + d1**4)


def test_weights_are_recovered_from_what_they_prefer() -> None:
    fit = fit_preferences(*preferences(), QUICK)
    shares = fit.linear / fit.linear.sum()
    assert torch.allclose(shares, TRUTH / TRUTH.sum(), atol=0.05)
    first, second, judge = preferences(seed=1)
    score = two_afc_scores(first @ fit.linear, second @ fit.linear, judge).mean()
    best = two_afc_scores(first @ TRUTH, second @ TRUTH, judge).mean()
    assert score > best - 0.005
    assert fit.losses[-1] < fit.losses[0] - 0.1


@pytest.mark.parametrize("seed", range(8))
def test_no_first_network_holds_the_weights_at_zero(seed: int) -> None:
    short = PreferenceOptions(epochs=2, decay_epochs=0, rate=1e-2, pause=1, warmup=1, seed=seed)
    linear = fit_preferences(*preferences(200), short).linear
    assert (linear[[2, 3, 5]] > 0).all()


def test_weights_are_never_negative() -> None:
    first, second, judge = preferences(300)
    # Features that speak against what is preferred.
    first[:, 0], second[:, 0] = second @ TRUTH, first @ TRUTH
    linear = fit_preferences(first, second, judge, QUICK).linear
    assert (linear >= 0).all()
    assert linear[0] < 0.1 * linear.max()


def test_the_same_seed_gives_the_same_bits_and_another_does_not() -> None:
    data = preferences(120)
    a, b = (fit_preferences(*data, QUICK) for _ in range(2))
    assert torch.equal(a.linear, b.linear) and a.losses == b.losses
    other = PreferenceOptions(**{**vars(QUICK), "seed": 1})
    assert not torch.equal(fit_preferences(*data, other).linear, a.linear)


def test_the_released_schedule() -> None:
    options = PreferenceOptions()
    rates = [options.rate_at(step, 100) for step in (0, 50, 75, 100, 499)]
    assert rates == pytest.approx([0, 0, 5e-5, 1e-4, 1e-4])
    late = [options.rate_at(100 * epoch, 100) for epoch in range(5, 10)]
    assert late == pytest.approx([1e-4 * (1 - k / 6) for k in range(1, 6)])


def test_scores_count_the_judges_that_agree() -> None:
    first, second = torch.tensor([1.0, 3.0, 2.0]), torch.tensor([2.0, 1.0, 2.0])
    scores = two_afc_scores(first, second, torch.tensor([0.2, 0.7, 0.9]))
    assert scores.tolist() == pytest.approx([0.8, 0.7, 0.5])


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda a, b, h: (a, b[:, :2], h), "shapes"),
        (lambda a, b, h: (a, b, h[:3]), "shapes"),
        (lambda a, b, h: (a[:0], b[:0], h[:0]), "no preferences"),
        (lambda a, b, h: (-a, b, h), "expected finite, >= 0"),
        (lambda a, b, h: (a, b * float("nan"), h), "expected finite, >= 0"),
        (lambda a, b, h: (a, b, h + 1), "expected \\[0, 1\\]"),
    ],
)
def test_bad_tensors_are_refused(change, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        fit_preferences(*change(*preferences(10)))


@pytest.mark.parametrize(
    "options",
    [{"epochs": 0, "decay_epochs": 0}, {"batch": 0}, {"rate": 0.0}, {"epochs": -1}],
)
def test_bad_options_are_refused(options) -> None:
    with pytest.raises(ValueError, match="expected"):
        PreferenceOptions(**options)


@pytest.mark.parametrize("seed", [-1, 2**63])
def test_seeds_of_other_ranges_are_refused(seed: int) -> None:
    with pytest.raises(ValueError, match=f"seed: found {seed}, expected an integer from 0 to"):
        fit_preferences(*preferences(10), PreferenceOptions(seed=seed))
