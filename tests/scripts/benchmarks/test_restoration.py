"""``elpips benchmark restoration``: from losses to a table, and trained networks read again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image

from elpips.metrics import Ensemble, InputError, create_metric
from elpips.scripts.benchmarks.restoration import benchmark_restoration_command
from elpips.scripts.benchmarks.restoration_network import Training
from restoration_setting import SMALL, stripes
from tiny_metric import tiny

L2 = create_metric("l2")


@pytest.fixture
def synthetic(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put two small images in the place of the samples."""
    pictures = torch.stack([stripes(1), stripes(2)])
    for name, value in {
        "TEST": ("one", "two"),
        "training_images": lambda sides: list(pictures),
        "held_out_images": lambda size: pictures,
    }.items():
        monkeypatch.setattr(f"elpips.scripts.benchmarks.restoration.{name}", value)


@pytest.mark.usefixtures("as_command", "synthetic")
def test_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    made: list[str] = []

    def make(name: str, device: object = "cpu"):
        del device
        made.append(name)
        return L2 if name == "l2" else tiny(Ensemble())

    monkeypatch.setattr("elpips.scripts.benchmarks.restoration.make_metric", make)

    def run(training: Training = SMALL) -> tuple[dict, str]:
        arguments = {"training": training, "judges": ("elpips_vgg",), "evaluation_draws": 2}
        code = benchmark_restoration_command(
            losses=("l2", "lpips_vgg"), device="cpu", outdir=tmp_path, **arguments
        )
        assert code == 0
        return json.loads((tmp_path / "benchmark.json").read_text()), capsys.readouterr().out

    record, out = run()
    assert made == ["l2", "lpips_vgg", "elpips_vgg"]
    assert set(record["measures"]) == {"bicubic", "l2", "lpips_vgg"}
    assert set(record["minus_l2"]) == {"bicubic", "lpips_vgg"}
    assert all(len(each["elpips_vgg"]) == 2 for each in record["measures"].values())
    for file in ("pictures.png", "losses.png", "one_l2.png"):
        assert len(set(Image.open(tmp_path / file).convert("L").tobytes())) > 1
    assert "minus l2" in out

    # The second call trains nothing, other options train anew.
    monkeypatch.setattr("elpips.scripts.benchmarks.restoration.train", None)
    again, repeated = run()
    assert again["measures"] == record["measures"]
    assert repeated == out
    with pytest.raises(TypeError):
        run(replace(SMALL, seed=1))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"losses": ()}, "losses: found none"),
        ({"losses": ("l2", "l2")}, "losses: found l2 l2"),
        ({"losses": ("l3",)}, "metric 'l3' is unknown"),
        ({"judges": ("psnr",)}, "metric 'psnr' is unknown"),
    ],
)
def test_bad_options_are_one_line(tmp_path: Path, options, message: str) -> None:
    with pytest.raises(InputError, match=message) as found:
        benchmark_restoration_command(**{"losses": ("l2",), **options}, outdir=tmp_path)
    assert "\n" not in str(found.value)


@pytest.mark.usefixtures("as_command", "synthetic")
def test_a_damaged_file_is_named(tmp_path: Path, capsys) -> None:
    arguments = {"losses": ("l2",), "judges": (), "training": SMALL, "outdir": tmp_path}
    benchmark_restoration_command(**arguments)
    (kept,) = tmp_path.glob("l2_*.pt")
    kept.write_bytes(b"nothing")
    with pytest.raises(InputError, match=f"{kept.name}: is damaged"):
        benchmark_restoration_command(**arguments)
    capsys.readouterr()
