"""``elpips benchmark step`` and ``convergence``, on a small network."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch

from elpips.metrics import Ensemble
from elpips.scripts.benchmarks.convolution_cost import convolutions, floor_seconds
from elpips.scripts.benchmarks.curves import Curve, Point
from elpips.scripts.cli import main
from tiny_metric import tiny


@pytest.fixture(autouse=True)
def small_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def make(name: str, device: object = "cpu", **options: int):
        del name, device
        return tiny(Ensemble(**options))

    for command in ("step", "convergence"):
        monkeypatch.setattr(f"elpips.scripts.benchmarks.{command}.make_metric", make)


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
    assert (tmp_path / "step.png").stat().st_size > 0


def test_the_floor_knows_the_convolutions() -> None:
    metric = tiny(Ensemble())
    (layer,) = convolutions(metric, (20, 30), metric.draw((20, 30)))
    assert sorted(layer.shape[-2:]) == [27, 37]
    assert layer.multiplications == 5 * 3 * 9 * 27 * 37
    assert floor_seconds([layer], [2], [1]) > 0


@pytest.mark.parametrize("frames", [0, 4])
def test_convergence(tmp_path: Path, frames: int, capsys) -> None:
    arguments = ["benchmark", "convergence", "--sizes", "16", "--steps", "6", "--released", "60"]
    arguments += ["--frames", str(frames), "--seeds", "2", "--evaluation-draws", "3"]
    assert main([*arguments, "--outdir", str(tmp_path)]) == 0
    (result,) = json.loads((tmp_path / "benchmark.json").read_text())["results"]
    steps = [[point["steps"] for point in each] for each in result["curves"]["released"]]
    assert steps == [[0, 25, 50, 60]] * 2
    assert result["released"]["passes"] == 60 * (6 if frames else 4)
    ours = result["curves"]["adaptive"]
    assert ours[0] != ours[1]
    assert (tmp_path / "convergence_16.png").stat().st_size > 0
    first = capsys.readouterr().out
    assert main([*arguments, "--outdir", str(tmp_path)]) == 0
    assert capsys.readouterr().out == first


def test_passes_to_an_objective() -> None:
    rows = [(0, 0, 9.0), (1, 10, 5.0), (2, 1000, 3.0)]
    points = tuple(Point(steps, passes, 0.0, value, 0.0) for steps, passes, value in rows)
    curve = Curve(points, torch.zeros(1))
    assert curve.passes_to(9.5) == 0
    assert curve.passes_to(7) == 10
    assert curve.passes_to(4) == pytest.approx(100)
    assert curve.passes_to(2) == math.inf
