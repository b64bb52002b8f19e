"""``elpips evaluate-2afc``: scores by family, and beside other calibrations."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import safetensors.torch
import torch

from elpips.metrics import InputError
from elpips.scripts.calibration.calibrate import calibrate_command
from elpips.scripts.calibration.evaluate import evaluate_2afc_command
from elpips.scripts.calibration.preferences import PreferenceOptions
from lipsim_files import small_file


def test_evaluation_by_family_and_beside_others(folder: Path, tmp_path: Path, capsys) -> None:
    options = PreferenceOptions(epochs=12, batch=10, rate=1e-2, pause=1, warmup=1)
    calibrate_command(folder, metric="tiny", options=options, device="cpu", outdir=tmp_path / "out")
    capsys.readouterr()
    file = tmp_path / "out" / "tiny.safetensors"
    arguments = {"metric": ("tiny", "l2"), "linear": (file,), "draws": 3, "device": "cpu"}
    code = evaluate_2afc_command(folder / "val", **arguments, agree_with=str(file), json=True)
    assert code == 0
    found = json.loads(capsys.readouterr().out)
    assert found["triplets"] == {"blur": 6, "warp": 5}
    # The judges agree by nine in ten that the noisier is further away, and so do all metrics.
    for name in ("tiny", "l2", str(file)):
        assert found["scores"]["blur"][name]["mean"] == pytest.approx(0.9)
        assert found["mean"][name]["mean"] == pytest.approx(0.9)
    assert set(found["likeness"]["all"]) == {"tiny", "l2"}
    assert found["likeness"]["warp"]["l2"]["agreement"]["mean"] == 1
    assert 0.5 < found["likeness"]["all"]["tiny"]["spearman"] <= 1
    assert evaluate_2afc_command(folder / "val", **arguments, agree_with="l2", limit=2) == 0
    out = capsys.readouterr().out
    assert "beside l2" in out and "90.00% +- 0.00%" in out


def test_a_metric_agrees_with_its_own_weights_in_a_file(folder: Path, tmp_path: Path, capsys):
    own = [torch.ones(3), torch.linspace(0, 1, 5)]
    file = tmp_path / "ones.safetensors"
    safetensors.torch.save_file({f"lin{i}": 3 * each for i, each in enumerate(own)}, file)
    twice = tmp_path / "twice.safetensors"
    safetensors.torch.save_file({f"lin{i}": 6 * each for i, each in enumerate(own)}, twice)
    evaluate_2afc_command(
        folder / "val",
        metric=("tiny",),
        linear=(twice,),
        agree_with=str(file),
        draws=2,
        device="cpu",
        json=True,
    )
    likeness = json.loads(capsys.readouterr().out)["likeness"]["all"][str(twice)]
    assert likeness == {"spearman": 1.0, "agreement": {"mean": 1.0, "standard_error": 0.0}}


def test_files_of_one_name_have_a_column_each(folder: Path, tmp_path: Path, capsys) -> None:
    names = tuple(f"lipsim={small_file(tmp_path / each, i)}" for i, each in enumerate("ab"))
    evaluate_2afc_command(folder / "val", metric=names, draws=1, device="cpu", json=True)
    found = json.loads(capsys.readouterr().out)
    assert list(found["mean"]) == ["lipsim=a-net.safetensors", "lipsim=b-net.safetensors"]


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"seed": -1}, "seed: found -1, expected an integer from 0 to"),
        ({"agree_with": "nowhere"}, "--agree-with nowhere: no such file, and no metric"),
        ({"metric": ("l2",), "linear": (Path("x"),)}, "l2 has no linear weights"),
        ({"metric": ()}, "found no --metric"),
    ],
)
def test_what_cannot_be_evaluated(folder: Path, arguments, match: str) -> None:
    with pytest.raises(InputError, match=match):
        evaluate_2afc_command(folder / "val", **({"metric": ("tiny",)} | arguments))
