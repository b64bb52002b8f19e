"""``elpips benchmark barycenters``, with the L2 metric."""

from __future__ import annotations

import json
from pathlib import Path

from elpips.scripts.benchmarks import barycenters as benchmark
from elpips.scripts.cli import main


def test_benchmark_goes_on_where_it_stopped(tmp_path: Path, monkeypatch, capsys) -> None:
    arguments = ["benchmark", "barycenters", "--metric", "l2", "--samples", "1", "--size", "16"]
    arguments += ["--steps", "3", "--released", "2", "4", "--outdir", str(tmp_path)]
    assert main(arguments) == 0
    first = capsys.readouterr().out
    rows = json.loads((tmp_path / "benchmark.json").read_text())["rows"]
    assert [(row["schedule"], row["steps"]) for row in rows] == [
        ("adaptive", 3),
        ("released", 2),
        ("released", 4),
    ]
    assert [row["network_passes"] for row in rows] == [12, 8, 16]

    def fail(*_: object) -> None:
        raise AssertionError("solved again")

    monkeypatch.setattr(benchmark, "_solve", fail)
    assert main(arguments) == 0
    assert capsys.readouterr().out == first


def test_objects_and_shifted_copies_are_rows_of_their_own(tmp_path: Path) -> None:
    arguments = ["benchmark", "barycenters", "--metric", "l2", "--samples", "0", "--size", "32"]
    arguments += ["--steps", "3", "--released", "--objects", "--shifted-by", "4"]
    assert main([*arguments, "--outdir", str(tmp_path)]) == 0
    rows = json.loads((tmp_path / "benchmark.json").read_text())["rows"]
    assert [(row["pair"], row["init"]) for row in rows] == [
        (f"{name}-moved 4 px", init) for name in benchmark.SHIFTED for init in ("blend", "objects")
    ]
    assert all(0 < row["overlay"] <= 1 for row in rows)
    # Of copies that are only moved, objects meet: their mix is no double exposure's detail.
    assert rows[1]["high_band_ratio"] > rows[0]["pixel_mean_high_band_ratio"]
