"""Times of steps: what is measured, and by what it is divided."""

from __future__ import annotations

import pytest
import torch

from elpips.metrics import Ensemble
from elpips.scripts.benchmarks import step_time
from elpips.scripts.benchmarks.convolution_cost import convolutions
from elpips.scripts.benchmarks.step_time import Work, barycenter_work, measure, path_work
from tiny_metric import tiny


def test_a_step_is_measured_over_its_convolutions(monkeypatch: pytest.MonkeyPatch) -> None:
    metric = tiny()
    steps = iter([0.0, 2.0, 6.0, 4.0])
    monkeypatch.setattr(step_time, "timed", lambda step: (step(), None))
    monkeypatch.setattr(step_time, "floor_seconds", lambda *arguments: 2.0)
    work = Work("work", metric, lambda: next(steps), [1, 2])
    found = measure(work, 16, 100.0, 3)
    # The first step warms up.
    assert (found.step, found.floor) == (4.0, 2.0)
    assert (found.ratio_low, found.ratio, found.ratio_high) == (1.0, 2.0, 3.0)
    (layer,) = convolutions(metric, (16, 16), metric.draw((16, 16)))
    # Three images forward and back, two forward.
    per_second = 8 * layer.multiplications / 4.0
    assert found.matrix_share == pytest.approx(per_second / 100)


def test_the_work_is_a_step_of_the_solvers() -> None:
    images = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    metric = tiny(Ensemble(scale_levels=1))
    path = path_work(metric, images, "float32", frames=7, chunk=2)
    assert path.name == "path of 7 frames"
    assert list(path.free) == [2, 2, 1]
    for work, count in ((barycenter_work(metric, images, "float32"), 1), (path, 5)):
        moved, _ = work.step()
        assert moved.shape == (count, 3, 16, 16)
        # From the same iterate, on another draw.
        assert not torch.equal(work.step()[0], moved)
