"""A panel's judgement, of which metrics it may be."""

from __future__ import annotations

import pytest
import torch

from elpips.metrics import Ensemble, InputError
from elpips.scripts.calibration import panel
from elpips.scripts.calibration.panel import load_judge, soft_preference
from tiny_metric import tiny


@pytest.mark.parametrize(
    ("first", "second", "expected"), [(1, 1, 0.5), (2, 1, 8 / 9), (0, 1, 0), (1, 0, 1), (0, 0, 0.5)]
)
def test_soft_preferences(first: float, second: float, expected: float) -> None:
    assert soft_preference(first, second, 3) == pytest.approx(expected)


def test_a_judge_gives_one_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panel, "create_metric", lambda name, device: tiny(Ensemble()))
    with pytest.raises(InputError, match="panel: tiny is random"):
        load_judge("tiny", torch.device("cpu"))
