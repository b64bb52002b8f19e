"""``elpips calibrate``, from a small set to a file of linear weights."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import safetensors.torch
import torch
from PIL import Image

from elpips.metrics import InputError
from elpips.metrics.channels import unit_weighted
from elpips.scripts.calibration import features
from elpips.scripts.calibration.calibrate import calibrate_command
from elpips.scripts.calibration.dataset import read_families
from elpips.scripts.calibration.features import preferences_of
from elpips.scripts.calibration.preferences import PreferenceOptions
from tiny_metric import tiny

QUICK = PreferenceOptions(epochs=12, batch=10, rate=1e-2, pause=1, warmup=1)


def calibrate(folder: Path, out: Path, **arguments) -> dict:
    given = {"metric": "tiny", "options": QUICK, "device": "cpu", "outdir": out} | arguments
    assert calibrate_command(folder, **given) == 0
    return json.loads((out / "run.json").read_text())


def test_from_a_set_to_weights(folder: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "out"
    record = calibrate(folder, out, mean_distance=0.25, label="test's own")
    tensors = safetensors.torch.load_file(out / "tiny.safetensors")
    assert {name: len(each) for name, each in tensors.items()} == {"lin0": 3, "lin1": 5}
    assert all((each >= 0).all() for each in tensors.values())
    with safetensors.safe_open(out / "tiny.safetensors", framework="pt") as file:
        metadata = file.metadata()
    assert metadata["calibration"] == record["calibration"] == "test's own"
    recipe = json.loads(metadata["recipe"])
    assert recipe["options"]["seed"] == 0 and recipe["triplets"] == {"noise": 24}
    assert list(record["agreement"]) == ["train/noise", "val/blur", "val/warp"]
    assert record["agreement"]["val/blur"]["score"] == pytest.approx(0.9)
    assert record["losses"][-1] < record["losses"][0]
    assert len(set(Image.open(out / "loss.png").convert("L").tobytes())) > 1
    (family,) = read_families(folder / "train")
    pairs = preferences_of(family, unit_weighted(tiny()), out / "channels")
    weights = torch.cat([tensors["lin0"], tensors["lin1"]])
    distances = torch.cat([pairs.first @ weights, pairs.second @ weights])
    assert float(distances.mean()) == pytest.approx(0.25)
    assert "val/warp" in capsys.readouterr().out


@pytest.mark.usefixtures("as_command")
def test_twice_gives_the_same_bits_and_reads_the_features(
    folder: Path, tmp_path: Path, monkeypatch
) -> None:
    calibrate(folder, tmp_path / "a")
    calibrate(folder, tmp_path / "b")
    with monkeypatch.context() as patch:
        patch.setattr(features, "triplet_channels", lambda *a: pytest.fail("computed"))
        calibrate(folder, tmp_path / "b")
    a, b = (safetensors.torch.load_file(tmp_path / n / "tiny.safetensors") for n in "ab")
    assert all(torch.equal(a[name], b[name]) for name in ("lin0", "lin1"))


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"metric": "l2"}, "'l2' has no linear weights; expected any of"),
        ({"families": ("x",)}, "has no family 'x'"),
        ({"options": PreferenceOptions(epochs=1, decay_epochs=0)}, "all weights ended at zero"),
    ],
)
def test_what_cannot_be_fitted(folder: Path, tmp_path: Path, arguments, match: str) -> None:
    with pytest.raises(InputError, match=match):
        calibrate(folder, tmp_path / "out", **arguments)
