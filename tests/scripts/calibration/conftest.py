"""A set that the tests of the calibration share."""

from __future__ import annotations

from pathlib import Path

import pytest

from two_afc_sets import use_tiny_metric, write_set


@pytest.fixture
def folder(tmp_path: Path, monkeypatch) -> Path:
    use_tiny_metric(monkeypatch)
    write_set(tmp_path / "set" / "train", {"noise": 24})
    write_set(tmp_path / "set" / "val", {"blur": 6, "warp": 5})
    return tmp_path / "set"
