"""What a report says of a run."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch

from elpips.geometry import evaluate_path
from elpips.geometry.reference_path import cross_fade
from elpips.metrics import create_metric
from elpips.scripts.runs.files import plain
from elpips.scripts.runs.path_report import evaluation_record
from elpips.scripts.runs.report_words import words_of

ENDS = torch.rand(2, 3, 33, 41, generator=torch.Generator().manual_seed(0))
BENT = cross_fade(ENDS[0], ENDS[1], [0, 0.1, 0.9, 1])


def record_of(frames: torch.Tensor) -> dict[str, Any]:
    return plain(evaluation_record(evaluate_path(create_metric("l2"), frames), None))


def test_a_paths_certificate_is_in_words_and_numbers() -> None:
    evaluation = record_of(BENT)
    found = words_of({"command": "geodesic", "evaluation": evaluation})
    assert f"shorter than {evaluation['chord']:.4f}" in found.words[0]
    assert f"at most {max(evaluation['excess'], 0):.1%} longer" in found.words[0]
    assert found.tiles[0][:2] == ("Excess", f"{max(evaluation['excess'], 0):.1%}")
    assert found.warnings[0].startswith("The path is above the cross-fade's energy by")
    assert "±" in found.warnings[0] and found.warnings[0].endswith("may help.")
    assert [row[0] for row in found.rows] == ["this path", "cross-fade"]
    assert all(len(row) == len(found.columns) for row in found.rows)


def test_a_second_metric_and_motion_are_said() -> None:
    evaluation = record_of(BENT)
    moving = {"displacement": 2.0, "energy": 0.01, "energy_error": 0.001}
    also = {"metric": "other", **evaluation}
    extended = {**evaluation, "also": also, "moving": moving, "residuals": [0.5, 0.25]}
    extended["baseline"] = {**evaluation["baseline"], "residuals": [0.75]}
    found = words_of({"command": "geodesic", "evaluation": extended})
    assert [row[0] for row in found.rows[2:]] == ["this path under other", "cross-fade under other"]
    assert any("2 pixels a transition" in each for each in found.words)
    assert any("at most 0.5; at the cross-fade's 0.75" in each for each in found.words)


@pytest.mark.parametrize("command", ["geodesic", "morph"])
def test_flat_pictures_have_no_numbers_and_do_no_harm(command: str) -> None:
    evaluation = record_of(torch.full((4, 3, 33, 41), 0.5))
    assert None in evaluation.values()
    if command == "morph":
        variations = {"uniformity_cv": None, "baseline": {"uniformity_cv": None}}
        evaluation = {"segments": [evaluation, evaluation], **variations}
    found = words_of({"command": command, "evaluation": evaluation})
    assert "-" in found.rows[0] and "None" not in json.dumps(vars(found))


def test_pairs_of_a_morph_have_rows_and_warnings_of_their_own() -> None:
    segments = [record_of(ENDS[[0, 0, 1, 1]]), record_of(BENT)]
    evaluation = {"segments": segments, "uniformity_cv": 1.0, "baseline": {"uniformity_cv": 0.5}}
    found = words_of({"command": "morph", "evaluation": evaluation})
    assert [row[0] for row in found.rows[::2]] == ["pair 1", "pair 2"]
    assert found.warnings[0].startswith("Pair 1: the path is above")
    assert found.tiles[0][1] == "2"


def test_a_barycenter_that_is_none_is_warned_of() -> None:
    value = {"objective": 2.0, "standard_error": 0.1, "high_band_ratio": 1.0, "overlay": 1.0}
    value["overlay_by_chance"] = 0.06
    evaluation = {
        **value, "lower_bound": 1.0, "excess": 1.0, "draws": 8, "baseline": value,
        "inputs": [value], "advantage": {"objective": 0.5, "standard_error": 0.1},
    }  # fmt: skip
    found = words_of({"command": "barycenter", "evaluation": evaluation})
    assert "2.00000 ± 0.10000: at most 100.0% above" in found.words[0]
    assert [each.split()[0] for each in found.warnings] == ["The", "Much"]


def test_footage_and_runs_without_a_judgement_say_what_is_known() -> None:
    footage = {
        "command": "interpolate", "source_rate": 24.0, "rate": 48.0, "frames": 1200,
        "written": 1000, "kept": 200, "cuts": 3, "still": 4, "interrupted": True,
    }  # fmt: skip
    found = words_of(footage)
    assert found.tiles[0][1] == "1,200" and "1,000 frames were computed" in found.words[0]
    assert found.warnings == ["The run was interrupted; --resume goes on."]
    assert "before its result was judged" in words_of({"command": "attack"}).words[0]
