"""Features of a set are kept, and computed again where what they are of has changed."""

from __future__ import annotations

from pathlib import Path

from elpips.metrics.channels import unit_weighted
from elpips.scripts.calibration.dataset import read_families
from elpips.scripts.calibration.features import preferences_of
from tiny_metric import tiny


def test_stale_and_damaged_features_are_computed_again(folder: Path, tmp_path: Path) -> None:
    def compute() -> None:
        (family,) = read_families(folder / "train")
        preferences_of(family, unit_weighted(tiny()), tmp_path / "channels")

    compute()
    (cached,) = (tmp_path / "channels").glob("train-*")
    expected = cached.read_bytes()
    cached.write_bytes(expected[:100])
    compute()
    assert cached.read_bytes() == expected
    picture = folder / "train" / "noise" / "p0" / "000003.png"
    picture.write_bytes((folder / "train" / "noise" / "p0" / "000004.png").read_bytes())
    compute()
    assert cached.read_bytes() != expected
