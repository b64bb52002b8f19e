"""Frames at equal perceptual distances."""

from __future__ import annotations

import pytest
import torch

from elpips.geometry import evaluate_path
from elpips.geometry.reference_path import cross_fade
from elpips.geometry.reparametrise import equal_times, reparametrise, step_sizes
from elpips.metrics import Ensemble, create_metric
from tiny_metric import tiny
from toy_paths import END, START, noise

L2 = create_metric("l2")
UNEVEN = cross_fade(START, END, [0, 0.4, 0.5, 0.6, 0.7, 0.85, 1])


def test_respacing_makes_equal_steps() -> None:
    even = reparametrise(L2, UNEVEN, [L2.draw((17, 21))])
    torch.testing.assert_close(even[[0, -1]], torch.stack([START, END]), rtol=0, atol=0)
    assert evaluate_path(L2, even).path.uniformity_cv < 0.25
    steps = step_sizes(L2, UNEVEN, [L2.draw((17, 21))])
    assert float(steps[0] / steps[1]) == pytest.approx(4, rel=1e-3)


def test_steps_are_roots_of_mean_distances() -> None:
    metric, frames = tiny(Ensemble()), noise(4, 3, 17, 21)
    draws = list(metric.draws((17, 21), 3, torch.Generator().manual_seed(2)))
    expected = torch.stack(
        [
            metric.distance(metric.embed(frames[1:], draw), metric.embed(frames[:-1], draw))
            for draw in draws
        ]
    ).mean(0)
    steps = step_sizes(metric, frames, draws)
    assert steps.dtype == torch.float64
    torch.testing.assert_close(steps, expected.sqrt().double(), rtol=1e-5, atol=0)


def test_equal_times() -> None:
    times = equal_times(torch.tensor([1.0, 1.0, 2.0, 0.0], dtype=torch.float64))
    assert times == pytest.approx([0, 1 / 4, 1 / 2, 5 / 8, 1])
    assert equal_times(torch.zeros(4, dtype=torch.float64)) == [0, 0.25, 0.5, 0.75, 1]
