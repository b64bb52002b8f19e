"""``elpips attack``, with the L2 metric and small pictures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from elpips.geometry import load_run
from elpips.scripts.cli import main


def attack(*arguments: object) -> int:
    return main(["attack", *map(str, arguments), "--metric", "l2"])


def test_attack_writes_what_it_promises(folder: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "out"
    assert attack("a1", folder / "a.png", folder / "b.png", "--steps", 60, "--outdir", out) == 0
    pictures = [np.asarray(Image.open(out / f"{name}.png")) for name in ("attack", "anchor")]
    assert pictures[0].shape == (24, 24, 3) and not np.array_equal(*pictures)
    assert np.ptp(np.asarray(Image.open(out / "comparison.png"))) > 100
    assert load_run(out / "checkpoint.pt").step == 60
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
    assert "was made with kind a1, not a2" in capsys.readouterr().err


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
