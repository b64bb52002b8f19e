"""The commands that attack, with the L2 metric and small pictures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from elpips.metrics import create_metric
from elpips.scripts.benchmarks.robustness import mean_and_error, mean_between
from elpips.scripts.cli import main
from elpips.scripts.figures.ablation import STAGES
from elpips.scripts.runs import attack as results
from elpips.scripts.runs.options import ensemble_options
from elpips.scripts.runs.result_cache import kept


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    found = tmp_path / "images"
    found.mkdir()
    for name in "abc":
        Image.fromarray(rng.integers(60, 200, (24, 24, 3), dtype=np.uint8)).save(
            found / f"{name}.png"
        )
    return found


def attack(*arguments: object) -> int:
    return main(["attack", *map(str, arguments), "--metric", "l2"])


def test_attack_writes_what_it_promises(folder: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "out"
    assert attack("a1", folder / "a.png", folder / "b.png", "--steps", 60, "--outdir", out) == 0
    for name in ("attack.png", "anchor.png", "comparison.png", "checkpoint.pt"):
        assert (out / name).stat().st_size > 0
    record = json.loads((out / "run.json").read_text())
    assert record["steps"] == 60 and record["arguments"]["kind"] == "a1"
    assert record["evaluation"]["relative_l2"] == pytest.approx(1, abs=0.02)
    assert "step limit reached" in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["a1", "a2"])
def test_a_resumed_attack_has_the_same_pixels(folder: Path, tmp_path: Path, kind: str) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert attack(kind, folder / "a.png", "--steps", 40, "--outdir", whole) == 0
    assert attack(kind, folder / "a.png", "--steps", 15, "--outdir", parts) == 0
    assert attack(kind, folder / "a.png", "--steps", 40, "--resume", "--outdir", parts) == 0
    images = [np.asarray(Image.open(each / "attack.png")) for each in (whole, parts)]
    assert np.array_equal(*images)


def test_another_attack_is_not_resumed(folder: Path, tmp_path: Path, capsys) -> None:
    assert attack("a1", folder / "a.png", "--steps", 5, "--outdir", tmp_path) == 0
    assert attack("a2", folder / "a.png", "--resume", "--outdir", tmp_path) == 2
    assert "was made with kind 'a1', found 'a2'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a2", "a.png", "b.png"], "takes no target"),
        (["a1", "missing.png"], "no such file"),
        (["a1", "a.png", "--steps", "-1"], "steps"),
        (["a1", "a.png", "--ensemble", "dropout"], "has no ensemble"),
    ],
)
def test_bad_input_is_one_line(folder: Path, monkeypatch, capsys, arguments, message) -> None:
    monkeypatch.chdir(folder)
    assert attack(*arguments) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1


def test_robustness_keeps_what_is_done(folder: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    command = ["robustness", str(folder), "--metrics", "l2", "--size", "24", "--steps", "30"]
    command += ["--outdir", str(tmp_path / "out")]
    assert main(command) == 0
    first = capsys.readouterr().out
    assert all((tmp_path / "out" / f"{kind}.png").exists() for kind in ("a1", "a2"))
    assert "means and standard errors over 3 images" in first
    record = json.loads((tmp_path / "out" / "robustness.json").read_text())
    means = record["means"]["l2"]
    assert means["a1_relative_l2"][0] == pytest.approx(1, abs=0.05)
    assert means["a2_relative_distance"][0] == pytest.approx(1, abs=1e-3)
    assert means["a2_over_set_mean"][0] == pytest.approx(means["anchor_over_set_mean"], rel=0.01)
    assert record["metrics"]["l2"]["attacks"].keys() == {"a1", "a2"}

    def solve(*arguments: object) -> None:
        raise AssertionError("solved again")

    monkeypatch.setattr(results, "minimise", solve)
    assert main(command) == 0
    assert capsys.readouterr().out == first
    with pytest.raises(AssertionError, match="solved again"):
        main([*command, "--seed", "1"])


def test_robustness_without_images_is_said(tmp_path: Path, capsys) -> None:
    assert main(["robustness", str(tmp_path)]) == 2
    assert "holds no photographs" in capsys.readouterr().err
    Image.new("RGB", (24, 24)).save(tmp_path / "one.png")
    assert main(["robustness", str(tmp_path)]) == 2
    assert "found one image, expected two or more" in capsys.readouterr().err


def test_figure_attack_judges_every_image(folder: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "out"
    files = [str(folder / "a.png"), str(folder / "b.png")]
    options = ["--metrics", "l2", "--size", "24", "--steps", "20", "--outdir", str(out)]
    assert main(["figure", "attack", *files, *options]) == 0
    assert (out / "attack.png").stat().st_size > 0
    table = json.loads((out / "attack.json").read_text())["distances"]["l2"]
    assert table.keys() == {"anchor", "target", "a1_l2", "a2_l2"}
    anchor = table["anchor"]["distance"]
    assert table["a1_l2"]["distance"] <= anchor * 1.01 < table["target"]["distance"]
    assert "a2_l2" in capsys.readouterr().out


@pytest.mark.weights
def test_figure_ablation_has_every_stage(folder: Path, tmp_path: Path, capsys) -> None:
    files = [str(folder / "a.png"), str(folder / "b.png")]
    options = ["--size", "24", "--steps", "2", "--evaluation-draws", "2"]
    command = ["figure", "ablation", *files, *options, "--outdir", str(tmp_path / "out")]
    assert main(command) == 0
    stages = json.loads((tmp_path / "out" / "ablation.json").read_text())["stages"]
    assert [each["stage"] for each in stages] == [stage.name for stage in STAGES]
    assert [each["draws"] for each in stages] == [1, 1, 2, 2, 2, 2]
    assert "layers" in capsys.readouterr().out


def test_members_of_the_ensemble_are_switched_off() -> None:
    assert ensemble_options(None) == {}
    everything = ("geometry", "color", "scaling", "dropout")
    assert ensemble_options(everything) == {}
    assert ensemble_options(("geometry", "color", "scaling")) == {"dropout_keep": 1.0}
    assert ensemble_options(()).keys() == {
        *("offset", "flip", "transpose", "permutation", "gain", "scale", "dropout_keep")
    }


def test_mean_between_different_images() -> None:
    images = torch.tensor([0.0, 0.5, 1.0]).view(3, 1, 1, 1).expand(3, 3, 8, 8)
    assert mean_between(create_metric("l2"), images, 0) == pytest.approx((0.25 + 0.25 + 1) / 3)
    assert mean_and_error([1.0, 3.0]) == (2.0, 1.0)


def test_damaged_results_are_solved_again(folder: Path, tmp_path: Path, capsys) -> None:
    command = ["robustness", str(folder), "--metrics", "l2", "--size", "24", "--steps", "5"]
    command += ["--attacks", "a2", "--limit", "1", "--outdir", str(tmp_path)]
    assert main(command) == 0
    assert "nan" not in capsys.readouterr().out
    (tmp_path / "l2_a2_a.json").write_text("{")
    assert main(command) == 0
    record = json.loads((tmp_path / "l2_a2_a.json").read_text())
    assert record["results"]["evaluation"]["draws"] == 1


def test_results_of_another_question_are_not_taken(tmp_path: Path) -> None:
    calls = []

    def compute(value: int) -> dict[str, int]:
        calls.append(value)
        return {"value": value}

    path, picture = tmp_path / "a.json", tmp_path / "a.png"
    assert kept(path, {"steps": 1}, lambda: compute(1)) == {"value": 1}
    assert kept(path, {"steps": 1}, lambda: compute(2)) == {"value": 1}
    assert kept(path, {"steps": 2}, lambda: compute(3)) == {"value": 3}
    assert kept(path, {"steps": 2}, lambda: compute(4), [picture]) == {"value": 4}
    assert calls == [1, 3, 4]
