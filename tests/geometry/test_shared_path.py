"""Shares of a path; `test_ranks` has them computed by processes of their own."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from elpips.geometry.company import Alone
from elpips.geometry.path_energy import energy_scale, path_energy
from elpips.geometry.shared_path import Task, by_draws, by_frames, what_to_split
from elpips.metrics import Ensemble
from tiny_metric import tiny

FRAMES = torch.rand(7, 3, 20, 24, generator=torch.Generator().manual_seed(0))


class OneRank(Alone):
    """A job of one rank."""

    def block(self, count: int) -> range:
        return range(count)

    def gather(self, block: torch.Tensor, count: int) -> torch.Tensor:
        assert len(block) == count
        return block


@pytest.mark.parametrize(
    ("split", "frames", "draws", "size", "expected"),
    [
        ("auto", 8, 1, 2, "frames"),
        ("auto", 1, 2, 2, "draws"),
        ("auto", 7, 2, 2, "draws"),
        ("auto", 8, 2, 2, "frames"),
        ("auto", 7, 3, 2, "frames"),
        ("draws", 8, 1, 2, "draws"),
        ("frames", 1, 4, 2, "frames"),
    ],
)
def test_what_keeps_ranks_busier_is_split(
    split: Any, frames: int, draws: int, size: int, expected: str
) -> None:
    assert what_to_split(split, frames, draws, size) == expected


@pytest.mark.parametrize("function", [by_frames, by_draws])
@pytest.mark.parametrize("power", [1, 2])
def test_the_share_of_the_only_rank_is_all(function: Any, power: int) -> None:
    metric = tiny(Ensemble(scale_levels=2))
    draws = list(metric.draws((20, 24), 2, torch.Generator().manual_seed(1)))
    ends, inner = FRAMES[[0, -1]], FRAMES[1:-1]
    values, gradient = function(OneRank(), metric, ends, inner, Task(tuple(draws), power, 2))
    whole = [path_energy(metric, ends, inner, draw, power=power, chunk=2) for draw in draws]
    assert values == pytest.approx([value for value, _ in whole], rel=1e-6)
    torch.testing.assert_close(gradient, whole[0][1] + whole[1][1])
    assert energy_scale(6, power) == (6.0 if power == 1 else 216.0)
