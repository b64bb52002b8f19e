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
