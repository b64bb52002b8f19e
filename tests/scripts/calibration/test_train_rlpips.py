"""``elpips train-rlpips``, from a small set to a file that the metric loads."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
import safetensors.torch
import torch

from elpips.metrics import InputError, recipes
from elpips.scripts.calibration import train_rlpips
from elpips.scripts.calibration.adversarial_options import AdversarialOptions
from elpips.scripts.calibration.train_rlpips import initial_metric, train_rlpips_command
from tiny_metric import LINEAR, TinyTrunk, tiny

QUICK = AdversarialOptions(epochs=1, decay_epochs=1, batch=8, attack_steps=2, head_start=5)


@pytest.fixture(autouse=True)
def tiny_is_trained(monkeypatch) -> None:
    recipe = recipes.Recipe("tiny", lambda tensors, keep: TinyTrunk(), "tiny", (3, 5), whole=True)
    monkeypatch.setitem(recipes.RECIPES, "tiny", recipe)
    monkeypatch.setattr(train_rlpips, "initial_metric", lambda *given: tiny())


def train(folder: Path, out: Path, **arguments) -> dict:
    given = {"metric": "tiny", "options": QUICK, "device": "cpu", "judged": 3, "outdir": out}
    assert train_rlpips_command(folder, **given | arguments) == 0
    return json.loads((out / "run.json").read_text())


@pytest.mark.usefixtures("as_command")
def test_from_a_set_to_weights(folder: Path, tmp_path: Path, capsys) -> None:
    record = train(folder, tmp_path / "out", label="test's own")
    path = tmp_path / "out" / "tiny.safetensors"
    assert record["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    with safetensors.safe_open(path, framework="pt") as file:
        assert sorted(file.keys()) == ["lin0", "lin1"]
        assert file.metadata()["calibration"] == "test's own"
        recipe = json.loads(file.metadata()["recipe"])
        linear = torch.cat([file.get_tensor("lin0"), file.get_tensor("lin1")])
    assert recipe["options"]["linf"] == pytest.approx(4 / 255) and recipe["triplets"] == 24
    torch.testing.assert_close(linear.sum(), torch.cat(LINEAR).sum())
    assert record["judged"].keys() == {"start", "trained"}
    assert record["judged"]["trained"].keys() == {"natural", "linf 4/255", "l2 1"}
    assert len(record["losses"]["attacked"]) == 2
    shown = capsys.readouterr().out
    assert "held-out accuracy" in shown and "loss.png" in shown
    # What is done is not done again, and gives the same file.
    before = path.read_bytes()
    train(folder, tmp_path / "out", label="test's own")
    assert path.read_bytes() == before


def test_a_trained_network_goes_into_the_file(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    train(folder, out, options=replace(QUICK, train_trunk=True, trunk_rate=1e-3), judged=0)
    with safetensors.safe_open(out / "tiny.safetensors", framework="pt") as file:
        assert sorted(file.keys()) == ["features.0.bias", "features.0.weight", "lin0", "lin1"]
        weight = file.get_tensor("features.0.weight")
    assert weight.shape == (5, 3, 3, 3)
    assert not torch.equal(weight, tiny().trunk.features_0_weight)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"metric": "lpips_alex"}, "'lpips_alex' is not trained here; expected any of .*rlpips"),
        ({"families": ("x",)}, "has no family 'x'"),
    ],
)
def test_what_cannot_be_trained(folder: Path, tmp_path: Path, arguments, match: str) -> None:
    with pytest.raises(InputError, match=match):
        train(folder, tmp_path / "out", **arguments)


@pytest.mark.weights
def test_training_begins_with_lpips_or_a_file(tmp_path: Path) -> None:
    start = initial_metric("rlpips_alex", None, torch.device("cpu"))
    assert [each.calibration for each in start.pretrained] == [None, "LPIPS v0.1 alex"]
    ones = {f"lin{i}": torch.ones(c) for i, c in enumerate(recipes.CHANNELS["rlpips_alex"])}
    safetensors.torch.save_file(ones, tmp_path / "ones.safetensors")
    again = initial_metric("rlpips_alex", tmp_path / "ones.safetensors", torch.device("cpu"))
    assert (again.root0 == 1).all()
