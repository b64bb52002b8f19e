"""``elpips attack-2afc``: accuracies, checks, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from command_line import failure
from elpips.metrics import InputError
from elpips.scripts.calibration import attack_2afc
from elpips.scripts.calibration.attack_2afc import attack_2afc_command
from elpips.scripts.calibration.set_attack import SetAttackOptions
from elpips.scripts.runs import options
from lipsim_files import small_file
from tiny_metric import tiny

OPTIONS = SetAttackOptions(steps=4, linf=(0.21,), l2=(0.2,), draws=2)


@pytest.fixture(autouse=True)
def tiny_is_known(monkeypatch) -> None:
    make = options.make_metric
    monkeypatch.setattr(
        options,
        "make_metric",
        lambda name, where: tiny() if name == "tiny" else make(name, where),
    )


def test_accuracies_with_and_without_attack(folder: Path, tmp_path: Path, capsys) -> None:
    path = folder / "val/blur/judge/000002.npy"
    np.save(path, np.array([0.5], np.float32))
    code = attack_2afc_command(
        folder / "val",
        metric=("tiny", "l2"),
        options=OPTIONS,
        device="cpu",
        out=tmp_path / "found.json",
    )
    assert code == 0
    shown = capsys.readouterr().out
    assert "linf 0.21" in shown and "l2 0.2" in shown and "100.0% +- 0.0%" in shown
    found = json.loads((tmp_path / "found.json").read_text())
    assert found["triplets"] == {"blur": 6, "warp": 5} and found["decided"] == 10
    for name in ("tiny", "l2"):
        natural, attacked = (found["accuracy"][name][key] for key in ("natural", "linf 0.21"))
        assert natural["mean"] == 1 and attacked["mean"] < 1
        assert found["by_family"][name]["blur"]["natural"]["mean"] == 1
        # Nine in ten judges agree, and of the undecided one a half.
        assert found["score"][name]["mean"] == pytest.approx((10 * 0.9 + 0.5) / 11)
        by_attack = found["by_attack"][name]["linf 0.21"]
        assert by_attack["apgd"]["mean"] <= by_attack["pgd"]["mean"]


def test_where_results_cannot_be_written_nothing_is_attacked(
    folder: Path, tmp_path: Path, capsys, monkeypatch
) -> None:
    attacked: list[str] = []
    monkeypatch.setattr(attack_2afc, "attack_triplets", lambda *given: attacked.append("once"))
    (tmp_path / "file").touch()
    (tmp_path / "mine.json").touch()
    for out, said in (("file/found.json", "is a file"), ("mine.json", "no run here has written")):
        arguments = ["--metric", "l2", "--device", "cpu", "--out", str(tmp_path / out)]
        assert said in failure(capsys, "attack-2afc", str(folder / "val"), *arguments)
    assert not attacked


def test_results_are_printed_before_they_are_written(folder: Path, capsys, monkeypatch) -> None:
    def full(path: Path, content: object) -> None:
        raise InputError(f"{path}: no space left")

    monkeypatch.setattr(attack_2afc, "write_json", full)
    arguments = {"metric": ("l2",), "options": OPTIONS, "device": "cpu", "limit": 1}
    with pytest.raises(InputError, match="no space left"):
        attack_2afc_command(folder / "val", **arguments, out=folder / "found.json")
    assert "linf 0.21" in capsys.readouterr().out


def test_files_of_one_name_have_a_row_each(folder: Path, tmp_path: Path, capsys) -> None:
    names = tuple(f"lipsim={small_file(tmp_path / each)}" for each in ("one", "two"))
    arguments = {"metric": names, "options": OPTIONS, "device": "cpu", "limit": 1}
    attack_2afc_command(folder / "val", **arguments, json=True)
    found = json.loads(capsys.readouterr().out)
    called = {f"lipsim={each}-net.safetensors" for each in ("one", "two")}
    assert set(found["accuracy"]) == set(found["weights"]) == called


def test_checks_decide_on_the_exit_code(folder: Path, capsys, monkeypatch) -> None:
    arguments = {"metric": ("l2",), "options": OPTIONS, "device": "cpu", "limit": 2}
    assert attack_2afc_command(folder / "val", **arguments, checks=True, json=True) == 0
    assert len(json.loads(capsys.readouterr().out)["checks"]) == 2
    failed = attack_2afc.check_attacks
    monkeypatch.setattr(
        attack_2afc,
        "check_attacks",
        lambda *given: [type(c)(c.line, False) for c in failed(*given)],
    )
    assert attack_2afc_command(folder / "val", **arguments, checks=True) == 1


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"metric": ()}, "expected at least one of each"),
        ({"limit": 0}, "expected at least one of each"),
        ({"families": ("x",)}, "has no family 'x'"),
    ],
)
def test_what_cannot_be_attacked(folder: Path, arguments, match: str) -> None:
    with pytest.raises(InputError, match=match):
        attack_2afc_command(folder / "val", **({"metric": ("l2",), "device": "cpu"} | arguments))


def test_a_set_without_preferences_is_refused(folder: Path) -> None:
    for path in folder.glob("val/*/judge/*.npy"):
        np.save(path, np.array([0.5], np.float32))
    with pytest.raises(InputError, match="no triplet of which more than half"):
        attack_2afc_command(folder / "val", metric=("l2",), device="cpu")
