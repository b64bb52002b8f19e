"""What a barycenter's run writes beside its picture."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from elpips.geometry import barycenter
from elpips.media import read_image
from elpips.scripts.runs.barycenter import (
    barycenter_notes,
    evaluation_record,
    is_snapshot_step,
    save_comparison,
    snapshots,
)
from elpips.scripts.runs.files import plain

IMAGES = torch.rand(2, 3, 17, 21, generator=torch.Generator().manual_seed(0))


def test_snapshot_steps_are_log_spaced() -> None:
    steps = [step for step in range(1, 2001) if is_snapshot_step(step)]
    assert steps[:9] == [1, 2, 3, 5, 7, 10, 20, 30, 50] and steps[-2:] == [1000, 2000]


def test_snapshots_are_the_candidates(tmp_path: Path) -> None:
    seen = {}
    callbacks = [snapshots(tmp_path), lambda run: seen.update({run.step: run.candidate[0]})]
    barycenter(IMAGES, metric="l2", init="noise", steps=6, callbacks=callbacks)
    assert sorted(path.stem for path in tmp_path.iterdir()) == [f"{s:06d}" for s in (1, 2, 3, 5)]
    torch.testing.assert_close(
        read_image(tmp_path / "000005.png"), seen[5], rtol=0, atol=0.5 / 255 + 1e-6
    )


def test_the_record_has_measures_of_result_and_mean(tmp_path: Path) -> None:
    found = barycenter(IMAGES, metric="l2", steps=2)
    record = evaluation_record(found)
    assert record["objective"] == found.evaluation.objective
    assert record["baseline"]["high_band_ratio"] == pytest.approx(0.5, abs=0.1)
    save_comparison(tmp_path / "comparison.png", ["a", "b"], found, record)
    assert read_image(tmp_path / "comparison.png").std() > 0.1


def test_a_mix_is_told_and_flat_or_equal_inputs_are_none() -> None:
    flat = torch.tensor([0.3, 0.7])[:, None, None, None].expand(2, 3, 17, 21)
    mix, even, same = (
        plain(evaluation_record(barycenter(each, metric="l2", steps=0)))
        for each in (IMAGES, flat, IMAGES[[0, 0]])
    )
    (note,) = barycenter_notes(mix)
    assert note.startswith("much of it is a double exposure: 100% of its detail is a mix of the")
    assert barycenter_notes(even) == [] == barycenter_notes(same)
    worse = {**mix, "advantage": {"objective": 0.5, "standard_error": 0.1}}
    assert barycenter_notes(worse)[0].endswith("objective by 0.5 +- 0.1; more --steps may help")
