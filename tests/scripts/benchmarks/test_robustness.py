"""``elpips robustness``, with the L2 metric and small pictures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from PIL import Image

from elpips.metrics import create_metric
from elpips.scripts.benchmarks.robustness import mean_between
from elpips.scripts.cli import main
from elpips.scripts.runs import attack as results


def test_robustness_keeps_what_is_done(folder: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    command = ["robustness", str(folder), "--metrics", "l2", "--size", "24", "--steps", "30"]
    command += ["--outdir", str(tmp_path / "out")]
    assert main(command) == 0
    first = capsys.readouterr().out
    assert all((tmp_path / "out" / f"{kind}.png").exists() for kind in ("a1", "a2"))
    assert "means and standard errors over 3 images" in first
    record = json.loads((tmp_path / "out" / "robustness.json").read_text())
    means = record["means"]["l2"]
    assert means["a1_relative_l2"]["mean"] == pytest.approx(1, abs=0.05)
    assert means["a2_relative_distance"]["mean"] == pytest.approx(1, abs=1e-3)
    assert means["a2_over_set_mean"]["mean"] == pytest.approx(
        means["anchor_over_set_mean"], rel=0.01
    )
    assert record["metrics"]["l2"]["attacks"].keys() == {"a1", "a2"}

    def solve(*arguments: object, **options: object) -> None:
        raise AssertionError("solved again")

    monkeypatch.setattr(results, "attack", solve)
    assert main(command) == 0
    assert capsys.readouterr().out == first
    with pytest.raises(AssertionError, match="solved again"):
        main([*command, "--seed", "1"])


def test_robustness_without_images_is_said(tmp_path: Path, capsys) -> None:
    assert main(["robustness", str(tmp_path)]) == 2
    assert "holds no pictures" in capsys.readouterr().err
    Image.new("RGB", (24, 24)).save(tmp_path / "one.png")
    assert main(["robustness", str(tmp_path)]) == 2
    assert "found one image, expected two or more" in capsys.readouterr().err
    Image.new("RGB", (24, 24)).save(tmp_path / "two.png")
    command = ["robustness", str(tmp_path), "--metrics", "l2", "--size", "24"]
    assert main([*command, "--outdir", str(tmp_path / "out")]) == 2
    assert "the images are all the same to l2; expected others" in capsys.readouterr().err


def test_mean_between_different_images() -> None:
    images = torch.tensor([0.0, 0.5, 1.0]).view(3, 1, 1, 1).expand(3, 3, 8, 8)
    assert mean_between(create_metric("l2"), images, 0) == pytest.approx((0.25 + 0.25 + 1) / 3)


def test_results_that_were_changed_are_left_and_missing_ones_solved_again(
    folder: Path, tmp_path: Path, capsys
) -> None:
    command = ["robustness", str(folder), "--metrics", "l2", "--size", "24", "--steps", "5"]
    command += ["--attacks", "a2", "--limit", "1", "--outdir", str(tmp_path)]
    assert main(command) == 0
    assert "nan" not in capsys.readouterr().out
    (tmp_path / "l2_a2_a.json").write_text("{")
    assert main(command) == 2
    assert "l2_a2_a.json: not written over" in capsys.readouterr().err
    (tmp_path / "l2_a2_a.json").unlink()
    assert main(command) == 0
    record = json.loads((tmp_path / "l2_a2_a.json").read_text())
    assert record["results"]["evaluation"]["draws"] == 1
