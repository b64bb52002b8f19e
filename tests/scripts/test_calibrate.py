"""``elpips calibrate`` and ``elpips evaluate-2afc``, from a small set to weights and scores."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import safetensors.torch
import torch

from elpips.media.samples import read_sample
from elpips.metrics import InputError, create_metric
from elpips.metrics.channels import unit_weighted
from elpips.metrics.weights import load_linear, load_own
from elpips.scripts.calibration import features
from elpips.scripts.calibration.calibrate import calibrate_command, still_metric
from elpips.scripts.calibration.dataset import Triplets, read_families
from elpips.scripts.calibration.evaluate import evaluate_2afc_command
from elpips.scripts.calibration.features import preferences_of, triplet_channels
from elpips.scripts.calibration.make_set import SetOptions, make_triplet
from elpips.scripts.calibration.preferences import PreferenceOptions
from tiny_metric import tiny
from two_afc_sets import use_tiny_metric, write_set

QUICK = PreferenceOptions(epochs=12, batch=10, rate=1e-2, pause=1, warmup=1)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch) -> Path:
    use_tiny_metric(monkeypatch)
    write_set(tmp_path / "set" / "train", {"noise": 24})
    write_set(tmp_path / "set" / "val", {"blur": 6, "warp": 5})
    return tmp_path / "set"


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
    assert (out / "loss.png").stat().st_size > 0
    (family,) = read_families(folder / "train")
    pairs = preferences_of(family, unit_weighted(tiny()), out / "channels")
    weights = torch.cat([tensors["lin0"], tensors["lin1"]])
    distances = torch.cat([pairs.first @ weights, pairs.second @ weights])
    assert float(distances.mean()) == pytest.approx(0.25)
    assert "val/warp" in capsys.readouterr().out


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


def test_stale_and_damaged_features_are_computed_again(folder: Path, tmp_path: Path) -> None:
    calibrate(folder, tmp_path / "a")
    (cached,) = (tmp_path / "a" / "channels").glob("train-*")
    expected = cached.read_bytes()
    cached.write_bytes(expected[:100])
    calibrate(folder, tmp_path / "a")
    assert cached.read_bytes() == expected
    picture = folder / "train" / "noise" / "p0" / "000003.png"
    picture.write_bytes((folder / "train" / "noise" / "p0" / "000004.png").read_bytes())
    calibrate(folder, tmp_path / "a")
    assert cached.read_bytes() != expected


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"metric": "l2"}, "'l2' has no linear weights; expected any of"),
        ({"mean_distance": -1.0}, "--mean-distance -1.0: expected a positive"),
        ({"families": ("x",)}, "has no family 'x'"),
        ({"options": PreferenceOptions(epochs=1, decay_epochs=0)}, "all weights ended at zero"),
    ],
)
def test_what_cannot_be_fitted(folder: Path, tmp_path: Path, arguments, match: str) -> None:
    with pytest.raises(InputError, match=match):
        calibrate(folder, tmp_path / "out", **arguments)


def test_evaluation_by_family_and_beside_others(folder: Path, tmp_path: Path, capsys) -> None:
    calibrate(folder, tmp_path / "out")
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


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"draws": 0}, "--draws 0"),
        ({"limit": 0}, "--limit 0"),
        ({"agree_with": "nowhere"}, "--agree-with nowhere: no such file, and no metric"),
        ({"metric": ("l2",), "linear": (Path("x"),)}, "l2 has no linear weights"),
        ({"metric": ()}, "found no --metric"),
    ],
)
def test_what_cannot_be_evaluated(folder: Path, arguments, match: str) -> None:
    with pytest.raises(InputError, match=match):
        evaluate_2afc_command(folder / "val", **({"metric": ("tiny",)} | arguments))


@pytest.mark.weights
def test_the_calibration_that_comes_along_agrees_with_the_authors(shared: Path) -> None:
    metric = still_metric("elpips_vgg", torch.device("cpu"))
    # Families and parts of photographs that it was not trained on.
    names = ("astronaut", "chelsea", "coffee", "motorcycle_left")
    photographs = {name: read_sample(name) for name in names}
    families = ("superres", "deblur", "color", "frameinterp")
    rows = []
    for index in range(28):
        rng = torch.Generator().manual_seed(10_000 + index)
        family = families[index % len(families)]
        rows.append(make_triplet(photographs, "val", family, SetOptions(), rng))
    ref, p0, p1 = torch.stack(rows).unbind(1)
    channels = triplet_channels(metric, Triplets(ref, p0, p1, torch.zeros(len(ref))))
    authors = load_linear("elpips_vgg", shared / "weights").tensors
    own = load_own("elpips_vgg").tensors
    ones = {name: torch.ones_like(each) for name, each in own.items()}
    theirs, ours, plain = (
        channels @ torch.cat(list(linear.values())) for linear in (authors, own, ones)
    )
    same = ((theirs[0] > theirs[1]) == (ours[0] > ours[1])).float().mean()
    assert same >= 0.9
    # Without the ensemble, which brings the two closer still.
    assert spearman(theirs, ours) >= 0.95
    assert spearman(theirs, ours) > spearman(theirs, plain) + 0.02


def spearman(a: torch.Tensor, b: torch.Tensor) -> float:
    ranks = torch.stack([each.flatten().argsort().argsort().double() for each in (a, b)])
    return float(torch.corrcoef(ranks)[0, 1])


@pytest.mark.weights
@pytest.mark.parametrize("name", ["elpips_vgg", "lpips_alex"])
def test_a_still_metric_is_not_random(name: str) -> None:
    metric = still_metric(name, torch.device("cpu"))
    assert not metric.stochastic
    full = create_metric(name)
    x, y = torch.rand(2, 1, 3, 40, 40, generator=torch.Generator().manual_seed(0))
    assert float(metric(x, y)) > float(full(x, y)) > 0
