"""Checks of attacks: strong ones pass, weak ones are found."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from elpips.metrics import create_metric
from elpips.scripts.calibration import attack_checks
from elpips.scripts.calibration.attack_checks import check_attacks, check_growth, check_transfer
from elpips.scripts.calibration.dataset import Triplets
from elpips.scripts.calibration.set_attack import SetAttackOptions, attack_triplets
from tiny_metric import tiny

OPTIONS = SetAttackOptions(steps=10, linf=(0.02,), l2=(0.3,), batch=10)


@pytest.fixture(scope="module")
def triplets() -> Triplets:
    rng = torch.Generator().manual_seed(0)
    ref = 0.3 + 0.4 * torch.rand(10, 3, 12, 12, generator=rng)
    p0 = (ref + 0.03 * torch.randn(ref.shape, generator=rng)).clamp(0, 1)
    p1 = (ref + 0.12 * torch.randn(ref.shape, generator=rng)).clamp(0, 1)
    return Triplets(ref, p0, p1, torch.zeros(10))


def test_strong_attacks_pass(triplets) -> None:
    metrics = [tiny(), create_metric("l2")]
    outcomes = {each.name: attack_triplets(each, triplets, OPTIONS) for each in metrics}
    found = check_attacks(metrics, triplets, outcomes, OPTIONS)
    assert len(found) == 8 and all(check.passed for check in found), [c.line for c in found]
    assert found[0].line.startswith("ok    tiny: balls of (1.0, 4.0, 16.0) times the radius")


def test_weak_attacks_are_found(triplets, monkeypatch) -> None:
    tiny_balls = replace(OPTIONS, linf=(1e-6,), l2=())
    found = check_growth(tiny(), triplets, tiny_balls)
    assert not found.passed and found.line.startswith("FAIL")
    # Images that another's attack has turned, beside an attack of its own that did nothing.
    strong = attack_triplets(tiny(), triplets, replace(OPTIONS, linf=(0.3,), l2=()))
    weak = attack_triplets(tiny(), triplets, replace(tiny_balls, linf=(1e-6,)))
    weak = replace(weak, attacked={"linf 0.3": weak.attacked["linf 1e-06"]})
    outcomes = {"tiny": weak, "other": strong}
    (found,) = check_transfer(tiny(), triplets, outcomes, OPTIONS)
    assert not found.passed and "images that fool other" in found.line
    monkeypatch.setattr(attack_checks, "_CHANCE", 100)
    assert check_transfer(tiny(), triplets, outcomes, OPTIONS)[0].passed
