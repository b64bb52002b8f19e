"""Measures of a restoration experiment: differences are of the same picture."""

from __future__ import annotations

import pytest

from elpips.metrics.statistics import mean_of
from elpips.scripts.benchmarks.restoration_report import differences, measures_table


def test_differences_are_paired() -> None:
    mine = {"psnr": [20.0, 31.0, 41.0], "lpips": [0.1, 0.2, 0.1]}
    other = {"psnr": [20.5, 30.0, 40.0], "lpips": [0.2, 0.1, 0.2]}
    found = differences(mine, other)
    assert (found["psnr"].better, found["lpips"].better) == (2, 2)
    assert found["psnr"].mean == pytest.approx(0.5)
    assert found["psnr"].standard_error == pytest.approx(0.5)
    assert mean_of([1.0, 3.0]).standard_error == pytest.approx(1.0)
    assert "minus l2" in measures_table({"l2": other, "lpips": mine}, "l2")
    assert "minus" not in measures_table({"lpips": mine}, "l2")
