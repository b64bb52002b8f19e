"""Stratified draws: the same means as plain ones, from fewer draws."""

from __future__ import annotations

import pytest
import torch

from elpips.geometry.strata import Strata
from elpips.metrics import Ensemble
from elpips.metrics.seeds import stream
from tiny_metric import tiny

SIZE = (64, 64)
METRIC = tiny(Ensemble(scale_levels=3))
SHARES = torch.tensor([1.0, 1 / 4, 1 / 9]) / (1 + 1 / 4 + 1 / 9)


def levels(strata: Strata) -> torch.Tensor:
    return torch.tensor([draw.scale_level for draw in strata.draws])


def test_every_level_has_its_share() -> None:
    strata = Strata.of(METRIC, SIZE, 100, stream(0, "evaluate"))
    assert len(strata.draws) == pytest.approx(100, abs=2)
    assert float(strata.weights.sum()) == pytest.approx(1)
    for level, share in enumerate(SHARES, 1):
        assert float(strata.weights[levels(strata) == level].sum()) == pytest.approx(float(share))


def test_rare_levels_are_drawn_twice() -> None:
    strata = Strata.of(tiny(Ensemble(scale_levels=8)), (512, 512), 8, stream(0, "evaluate"))
    counts = levels(strata).bincount()[1:]
    assert len(counts) == 8 and counts.min() == 2


def test_the_mean_is_unbiased_and_its_error_right() -> None:
    rng = torch.Generator().manual_seed(1)
    means, errors = [], []
    for seed in range(200):
        strata = Strata.of(METRIC, SIZE, 20, stream(seed, "evaluate"))
        level = levels(strata).double()
        samples = level**2 + 0.3 * torch.randn(level.shape, generator=rng)
        means.append(strata.mean(samples))
        errors.append(strata.standard_error(samples))
    means, expected = torch.stack(means), float(SHARES @ torch.tensor([1.0, 4.0, 9.0]))
    assert float(means.mean()) == pytest.approx(expected, abs=4 * float(means.std()) / 200**0.5)
    assert float(torch.stack(errors).square().mean().sqrt()) == pytest.approx(
        float(means.std()), rel=0.25
    )
    # Far below that of as many plain draws, of which the levels are nearly all the variance.
    assert float(means.std()) < 0.2 * float(
        (SHARES @ torch.tensor([1.0, 16.0, 81.0]) - expected**2).sqrt() / 20**0.5
    )


def test_without_levels_or_randomness() -> None:
    one = Strata.of(tiny(), SIZE, 50, stream(0, "evaluate"))
    assert len(one.draws) == 1 and float(one.mean(torch.tensor([3.0]))) == 3
    assert float(one.standard_error(torch.tensor([3.0]))) == 0
    plain = Strata.of(tiny(Ensemble(scale=False)), SIZE, 10, stream(0, "evaluate"))
    samples = torch.arange(10.0)
    assert float(plain.mean(samples)) == pytest.approx(4.5)
    assert float(plain.standard_error(samples)) == pytest.approx(float(samples.std()) / 10**0.5)
