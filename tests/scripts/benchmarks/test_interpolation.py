"""``elpips benchmark interpolation``, on triplets made here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from elpips.media import read_image, save_image
from elpips.metrics import InputError, create_metric
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
    other = tmp_path / "right"
    other.mkdir()
    for index, triplet in enumerate(triplets):
        save_image(other / f"{index:02d}.png", triplet.images[1])
    arguments += ["--pure-steps", "3", "--others", f"right={other}", "--outdir", str(tmp_path)]
    assert main(arguments) == 0
    record = json.loads((tmp_path / "benchmark.json").read_text())
    assert len(record["rows"]) == 10
    table = record["summary"]
    assert list(table) == ["cross-fade", "flow", "geodesic", "interpolate", "right"]
    assert table["interpolate"]["psnr"]["mean"] > table["cross-fade"]["psnr"]["mean"] + 3
    assert table["right"]["lpips_alex"]["mean"] < 1e-4
    assert "mean of 2" in capsys.readouterr().out
    assert read_image(tmp_path / "triplets.png").std() > 0.01


@pytest.mark.parametrize("given", ["right", "=right", "right="])
def test_other_methods_are_named(given: str, tmp_path: Path, capsys) -> None:
    arguments = ["benchmark", "interpolation", "--others", given, "--outdir", str(tmp_path)]
    assert main(arguments) == 2
    assert "expected NAME=FOLDER" in capsys.readouterr().err


def test_predictions_of_another_size_are_refused(tmp_path: Path) -> None:
    save_image(tmp_path / "00.png", torch.zeros(3, 16, 20))
    with pytest.raises(InputError, match=r"20 x 16 pixels; expected 16 x 16"):
        interpolation._predicted(tmp_path / "00.png", 16)
