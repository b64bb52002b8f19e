"""Curves of objectives against passes."""

from __future__ import annotations

import math

import pytest
import torch

from elpips.scripts.benchmarks.curves import Curve, Point


def test_passes_to_an_objective() -> None:
    rows = [(0, 0, 9.0), (1, 10, 5.0), (2, 1000, 3.0)]
    points = tuple(Point(steps, passes, 0.0, value, 0.0) for steps, passes, value in rows)
    curve = Curve(points, torch.zeros(1))
    assert curve.passes_to(9.5) == 0
    assert curve.passes_to(7) == 10
    assert curve.passes_to(4) == pytest.approx(100)
    assert curve.passes_to(2) == math.inf
