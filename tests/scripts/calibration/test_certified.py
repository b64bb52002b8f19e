"""Certified scores: at most the natural ones, and fewer as the radius grows."""

from __future__ import annotations

from pathlib import Path

import pytest

from elpips.scripts.calibration.certified import certified_scores
from elpips.scripts.calibration.dataset import read_families
from lipsim_files import tiny_lipsim
from two_afc_sets import write_set


def test_scores_fall_with_the_radius(tmp_path: Path) -> None:
    write_set(tmp_path, {"noise": 18})
    (family,) = read_families(tmp_path)
    done: list[int] = []
    found = certified_scores(tiny_lipsim(), family, (0.0, 0.05, 1e3), done.append)
    assert found.triplets == sum(done) == 18
    # Judges agree by nine tenths, and noise is easily told.
    assert found.natural.mean == pytest.approx(0.9)
    scores = [each.mean for each in found.certified.values()]
    assert scores[0] == found.natural.mean >= scores[1] > scores[2] == 0
    assert found.radius > 0 and found.norm > 1 and found.lipschitz == pytest.approx(0.7, rel=0.1)
