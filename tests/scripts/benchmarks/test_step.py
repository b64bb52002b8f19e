"""``elpips benchmark step``, on a small network."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from elpips.media import read_image
from elpips.metrics import Ensemble, create_metric
from elpips.scripts.benchmarks import step_time
from elpips.scripts.cli import main
from tiny_metric import tiny


@pytest.fixture(autouse=True)
def small_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def make(name: str, device: object = "cpu", **options: int):
        del name, device
        return tiny(Ensemble(**options))

    monkeypatch.setattr("elpips.scripts.benchmarks.step.make_metric", make)
    # Products of large bfloat16 matrices take minutes where the processor is not made for them.
    monkeypatch.setattr(step_time, "MATRIX_SIDES", {"cpu": 64})


def test_step(tmp_path: Path, capsys) -> None:
    arguments = ["benchmark", "step", "--sizes", "16", "24", "--frames", "4", "--repeats", "2"]
    precisions = ["--precisions", "float32", "bfloat16"]
    assert main([*arguments, *precisions, "--outdir", str(tmp_path)]) == 0
    rows = json.loads((tmp_path / "benchmark.json").read_text())["rows"]
    assert [(row["size"], row["precision"]) for row in rows[::2]] == [
        (size, precision) for size in (16, 24) for precision in ("float32", "bfloat16")
    ]
    for row in rows:
        assert row["ratio_low"] <= row["ratio"] <= row["ratio_high"]
        assert row["floor"] > 0
        assert row["matrix_share"] > 0
    assert "matrix peak" in capsys.readouterr().out
    assert read_image(tmp_path / "step.png").std() > 0.01


def test_a_metric_without_a_network_has_no_floor(
    tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "elpips.scripts.benchmarks.step.make_metric", lambda name, device: create_metric(name)
    )
    arguments = ["benchmark", "step", "--metric", "l2", "--outdir", str(tmp_path)]
    assert main(arguments) == 2
    assert "metric 'l2' has no network" in capsys.readouterr().err
