"""Attacks that are solved once and kept."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from elpips.geometry import AttackOptions, attack
from elpips.metrics import create_metric
from elpips.scripts.runs import attack as module
from elpips.scripts.runs.attack import solve_or_read

SOURCE = torch.rand(3, 24, 28, generator=torch.Generator().manual_seed(0)) * 0.4 + 0.3


def test_an_attack_is_solved_once(tmp_path: Path, monkeypatch) -> None:
    options, metric = AttackOptions(steps=5), create_metric("l2")
    first = solve_or_read(tmp_path, "a", "a2", SOURCE, None, options, metric=metric)
    exact = attack("a2", SOURCE, None, options, metric=metric)
    torch.testing.assert_close(first.image, exact.image, rtol=0, atol=0.5 / 255 + 1e-6)
    assert first.evaluation["relative_distance"] == exact.evaluation.relative_distance

    def solve(*arguments: object, **options: object) -> None:
        raise AssertionError("solved again")

    monkeypatch.setattr(module, "attack", solve)
    again = solve_or_read(tmp_path, "a", "a2", SOURCE, None, options, metric=metric)
    assert torch.equal(again.image, first.image)
    for other in (AttackOptions(steps=6), AttackOptions(steps=5, sigma=0.1)):
        with pytest.raises(AssertionError, match="solved again"):
            solve_or_read(tmp_path, "a", "a2", SOURCE, None, other, metric=metric)
