"""The closing table of a path."""

from __future__ import annotations

import logging

import torch

from elpips.geometry import evaluate_path
from elpips.geometry.reference_path import cross_fade
from elpips.metrics import create_metric
from elpips.metrics.weights import WeightsError
from elpips.scripts.runs import path_report
from elpips.scripts.runs.path_report import (
    evaluation_record,
    judge_also,
    path_notes,
    report_path,
    shown,
)

ENDS = torch.rand(2, 3, 33, 41, generator=torch.Generator().manual_seed(0))
BENT = cross_fade(ENDS[0], ENDS[1], [0, 0.1, 0.9, 1])


def test_the_table_has_path_cross_fade_and_what_is_wrong() -> None:
    record = evaluation_record(evaluate_path(create_metric("l2"), BENT), None)
    lines = report_path(record, solved=True).splitlines()
    assert lines[1].startswith("geodesic") and lines[2].startswith("cross-fade")
    assert f"{record['energy']:.4f}" in lines[1]
    assert "no path is shorter than the chord" in lines[3]
    assert lines[-2].startswith("NOTE: the path is above the cross-fade's energy")
    assert lines[-2].endswith("more --steps may help")
    assert lines[-1].startswith("NOTE: much of the middle is a double exposure: 100% of its detail")
    assert lines[-1].endswith("--quality best or --motion may help")
    assert "may help" not in report_path(record, solved=False)


def test_a_moving_path_is_judged_with_its_motion_for_free() -> None:
    record = evaluation_record(evaluate_path(create_metric("l2"), BENT), None)
    fade = record["baseline"]["energy"]
    moving = {"displacement": 2.0, "energy": 0.9 * fade, "energy_error": 0.01}
    text = report_path({**record, "moving": moving}, solved=True)
    assert f"standing still {record['energy']:.4f}, the cross-fade's {fade:.4f}" in text
    assert "above the cross-fade" not in text
    worse = report_path({**record, "moving": {**moving, "energy": 1.1 * fade}}, solved=True)
    assert "NOTE: the path is above the cross-fade's energy" in worse


def test_a_middle_of_its_own_is_no_double_exposure() -> None:
    frames = torch.rand(3, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    record = evaluation_record(evaluate_path(create_metric("l2"), frames), None)
    assert record["relative_overlay"] < 0.3
    assert "double exposure" not in report_path(record, solved=True)


def test_nothing_is_wrong_with_ends_that_are_the_same_or_scenes_that_are_held() -> None:
    metric = create_metric("l2")
    same = evaluation_record(evaluate_path(metric, ENDS[[0, 0, 0]]), None)
    assert same["relative_overlay"] > 0.9
    assert path_notes({**same, "advantage": 3e-16}, solved=True) == []
    held = evaluation_record(evaluate_path(metric, ENDS[[0, 0, 1, 1]]), None)
    assert len(path_notes(held, solved=True)) == 2
    assert path_notes({**held, "held": True}, solved=True) == []


def test_what_has_no_detail_is_no_double_exposure() -> None:
    frames = torch.linspace(0.2, 0.8, 4)[:, None, None, None].expand(4, 3, 32, 32)
    record = evaluation_record(evaluate_path(create_metric("l2"), frames), None)
    assert path_notes({**record, "advantage": 0.0}, solved=True) == []


def test_a_second_metric_has_lines_of_its_own() -> None:
    also = judge_also(BENT, "l2", "elpips_vgg")
    record = evaluation_record(evaluate_path(create_metric("l2"), BENT), also)
    assert "under l2:" in report_path(record, solved=False)
    assert also is not None and also["energy"] == record["energy"]


def test_a_second_metric_that_cannot_be_had_is_told(monkeypatch, caplog) -> None:
    def unavailable(name: str, **options: object) -> None:
        raise WeightsError("no network")

    monkeypatch.setattr(path_report, "create_metric", unavailable)
    with caplog.at_level(logging.WARNING, "elpips"):
        assert judge_also(BENT, "lpips_alex", "l2") is None
    assert "lpips_alex: not judged under it (no network)" in caplog.text
    assert judge_also(BENT, "none", "l2") is None and judge_also(BENT, "l2", "l2") is None


def test_what_is_no_number_is_a_dash() -> None:
    assert shown(0.25, ".1%") == "25.0%"
    assert shown(float("nan"), ".4f") == shown(float("inf"), ".1%") == "-"
