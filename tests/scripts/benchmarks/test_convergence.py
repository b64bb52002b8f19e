"""``elpips benchmark convergence``, on a small network."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from elpips.media import read_image
from elpips.metrics import Ensemble
from elpips.scripts.cli import main
from tiny_metric import tiny


@pytest.fixture(autouse=True)
def small_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def make(name: str, device: object = "cpu", **options: int):
        del name, device
        return tiny(Ensemble(**options))

    monkeypatch.setattr("elpips.scripts.benchmarks.convergence.make_metric", make)


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
    assert read_image(tmp_path / "convergence_16.png").std() > 0.01
    first = capsys.readouterr().out
    assert main([*arguments, "--outdir", str(tmp_path)]) == 0
    assert capsys.readouterr().out == first
