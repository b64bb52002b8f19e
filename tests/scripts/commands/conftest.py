"""Pictures and a metric that the tests of several commands measure with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from elpips.scripts.runs.options import MetricOptions
from noisy_metric import Noisy


@pytest.fixture
def noisy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let commands create a metric that is random and quick."""
    monkeypatch.setattr(MetricOptions, "create", lambda options: Noisy())


@pytest.fixture
def pictures(tmp_path: Path) -> list[str]:
    """Files: a, b far from it, c close to it, and a copy of c."""
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 256, (2, 17, 21, 3), dtype=np.uint8)
    c = (a + (b.astype(float) - a) / 4).astype(np.uint8)
    paths = []
    for name, pixels in (("a", a), ("b", b), ("c", c), ("copy", c)):
        paths.append(str(tmp_path / f"{name}.png"))
        Image.fromarray(pixels).save(paths[-1])
    return paths
