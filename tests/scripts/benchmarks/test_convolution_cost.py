"""The floor of a step: which convolutions, and how many multiplications."""

from __future__ import annotations

import torch

from elpips.metrics import Ensemble
from elpips.scripts.benchmarks.convolution_cost import convolutions, floor_seconds, matrix_rate
from tiny_metric import tiny


def test_the_floor_knows_the_convolutions() -> None:
    metric = tiny(Ensemble())
    (layer,) = convolutions(metric, (20, 30), metric.draw((20, 30)))
    assert sorted(layer.shape[-2:]) == [27, 37]
    assert layer.multiplications == 5 * 3 * 9 * 27 * 37
    assert floor_seconds([layer], [2], [1]) > 0


def test_the_rate_counts_the_multiplications_of_a_product(monkeypatch) -> None:
    seconds = iter([9.0, 3.0, 1.0, 2.0, 8.0])
    monkeypatch.setattr(
        "elpips.scripts.benchmarks.convolution_cost.timed", lambda *arguments: (next(seconds), 0)
    )
    assert matrix_rate(4, torch.float32, torch.device("cpu")) == 4**3 / 2.0
