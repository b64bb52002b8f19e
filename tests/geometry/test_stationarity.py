"""Residuals of paths: none on geodesics, and cleared of noise elsewhere."""

from __future__ import annotations

import pytest
import torch

from elpips.geometry import GeodesicProblem, stationarity_errors
from elpips.metrics import Ensemble, InputError
from elpips.metrics.seeds import stream
from tiny_metric import tiny
from toy_paths import END, START, fade


def test_residuals_vanish_on_geodesics_only() -> None:
    problem = GeodesicProblem.of(START, END, 5, metric="l2")
    straight, bent = fade(5), fade(5)
    bent[2] = (bent[2] + 0.2).clamp(0, 1)
    found = stationarity_errors(problem, straight)
    assert len(found) == 3 and max(found) < 1e-6
    found = stationarity_errors(problem, bent)
    exact = problem.sample(bent[1:-1], stream(0, "optimise")).gradient.flatten(1).norm(dim=1)
    assert found == pytest.approx(exact.tolist(), rel=1e-4) and min(found) > 1e-3


def test_what_the_box_blocks_does_not_count() -> None:
    # From black to black over black: only the frame between could go down.
    black = torch.zeros(3, 17, 21)
    problem = GeodesicProblem.of(black, black, 3, metric="l2")
    grey = torch.stack([black, black + 0.1, black])
    assert stationarity_errors(problem, grey)[0] > 1e-3
    white = GeodesicProblem.of(black, black + 1, 4, metric="l2")
    # Both inner frames at the end: one is pulled out of the box, at the bound.
    path = torch.stack([black, black + 1, black + 1, black + 1])
    first, second = stationarity_errors(white, path)
    assert first > 1e-3 and second == 0


def test_residuals_are_cleared_of_noise() -> None:
    problem = GeodesicProblem.of(START, END, 4, metric=tiny(Ensemble()))
    x = problem.complete(problem.initial)
    few = torch.tensor(stationarity_errors(problem, x, draws=512))
    many = torch.tensor(stationarity_errors(problem, x, draws=512, seed=1))
    torch.testing.assert_close(few, many, rtol=0.25, atol=0)
    with pytest.raises(InputError, match="residual draws: found 1"):
        stationarity_errors(problem, x, draws=1)


def test_seeds_differ_and_repeat() -> None:
    problem = GeodesicProblem.of(START, END, 4, metric=tiny(Ensemble()))
    x = problem.complete(problem.initial)
    one, again, other = (stationarity_errors(problem, x, seed=seed) for seed in (4, 4, 5))
    assert one == again and one != other
