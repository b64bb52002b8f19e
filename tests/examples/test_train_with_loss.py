"""The example of a training loss trains."""

from __future__ import annotations

import importlib.util

from elpips.metrics.pixel import L2
from house import ROOT


def test_training_brings_images_nearer() -> None:
    spec = importlib.util.spec_from_file_location("example", ROOT / "examples/train_with_loss.py")
    assert spec is not None and spec.loader is not None
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    before, after = example.train(L2(), steps=50, size=24)
    assert 0 < after < 0.9 * before
