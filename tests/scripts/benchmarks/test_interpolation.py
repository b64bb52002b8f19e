"""``elpips benchmark interpolation``, on triplets made here."""

from __future__ import annotations

import json
from pathlib import Path

from elpips.media import read_image
from elpips.metrics import create_metric
from elpips.scripts.benchmarks import interpolation
from elpips.scripts.benchmarks.footage import Triplet
from elpips.scripts.benchmarks.translations import translation
from elpips.scripts.cli import main

L2 = ["--metric", "l2", "--steps", "3"]


def test_interpolation(tmp_path: Path, monkeypatch, capsys) -> None:
    truth = translation("coffee", 32, 4)[::2]
    triplets = [Triplet("one", (1, 2, 3), truth), Triplet("two", (4, 5, 6), truth.flip(0))]
    monkeypatch.setattr(interpolation, "load_triplets", lambda count, size: triplets[:count])
    monkeypatch.setattr(interpolation, "make_metric", lambda name, device: create_metric("l2"))
    arguments = ["benchmark", "interpolation", "--triplets", "2", "--size", "32", *L2]
    arguments += ["--pure-steps", "3", "--outdir", str(tmp_path)]
    assert main(arguments) == 0
    record = json.loads((tmp_path / "benchmark.json").read_text())
    assert len(record["rows"]) == 8
    table = record["summary"]
    assert list(table) == ["cross-fade", "flow", "geodesic", "interpolate"]
    assert table["interpolate"]["psnr"]["mean"] > table["cross-fade"]["psnr"]["mean"] + 3
    assert "mean of 2" in capsys.readouterr().out
    assert read_image(tmp_path / "triplets.png").std() > 0.01
