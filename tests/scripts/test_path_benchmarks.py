"""The benchmarks of paths, small and with what needs no weights."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch

from elpips.media.animation import save_gif
from elpips.metrics import create_metric
from elpips.scripts.benchmarks import interpolation as interpolation
from elpips.scripts.benchmarks.fidelity import psnr, ssim
from elpips.scripts.benchmarks.footage import Triplet
from elpips.scripts.benchmarks.geodesics import published_panel
from elpips.scripts.benchmarks.scale import exponent
from elpips.scripts.benchmarks.translations import translation
from elpips.scripts.cli import main

L2 = ["--metric", "l2", "--also", "none", "--steps", "3", "--init", "blend"]


def clip(path: Path) -> Path:
    """Write a clip as published: three panels of 32 px, 5 px apart, ten frames."""
    rng = torch.Generator().manual_seed(0)
    frames = torch.rand(10, 3, 8, 26, generator=rng).repeat_interleave(4, 2)
    frames = frames.repeat_interleave(4, 3)[..., :32, :]
    panels = torch.ones(10, 3, 32, 3 * 32 + 10)
    panels[..., :32] = frames[..., :32]
    save_gif(path, panels)
    return path


def test_geodesics_beside_a_published_clip(tmp_path: Path, capsys) -> None:
    source = clip(tmp_path / "clip.gif")
    assert published_panel(source, 24).shape == (10, 3, 24, 24)
    arguments = ["benchmark", "geodesics", "--clip", str(source), "--samples", "1", *L2]
    arguments += ["--size", "24", "--outdir", str(tmp_path / "out")]
    assert main(arguments) == 0
    first = capsys.readouterr().out
    rows = json.loads((tmp_path / "out/benchmark.json").read_text())["rows"]
    assert [(row["pair"], row["path"]) for row in rows] == [
        ("clip", "geodesic"),
        ("clip", "published"),
        ("clip", "cross-fade"),
        ("brick_left-gravel_left", "geodesic"),
        ("brick_left-gravel_left", "cross-fade"),
    ]
    assert rows[2]["normalized_ppl"] == pytest.approx(1, abs=1e-3)
    assert rows[1]["normalized_ppl"] > 2
    # Solved paths are read again.
    assert main(arguments) == 0
    assert capsys.readouterr().out == first
    assert main(["benchmark", "geodesics", "--clip", str(source), "--size", "64", *L2]) == 2
    assert "panels of 32 x 32 px, --size is 64" in capsys.readouterr().err


def test_translations(tmp_path: Path, capsys) -> None:
    truth = translation("coffee", 32, 4)
    assert truth.shape == (5, 3, 32, 32) and torch.equal(truth[0, :, :, 1:], truth[1, :, :, :-1])
    arguments = ["benchmark", "translations", "--samples", "1", "--sizes", "32", "--shifts", "4"]
    arguments += ["--inits", "blend", "flow", *L2[:-2], "--outdir", str(tmp_path)]
    assert main(arguments) == 0
    rows = json.loads((tmp_path / "benchmark.json").read_text())["rows"]
    found = {row["path"]: row for row in rows}
    assert list(found) == ["true", "blend", "flow", "fade"]
    assert found["true"]["psnr"] is None and found["flow"]["psnr"] > found["fade"]["psnr"] + 3
    assert found["fade"]["energy"] < found["true"]["energy"]


def test_interpolation(tmp_path: Path, monkeypatch, capsys) -> None:
    truth = translation("coffee", 32, 4)[::2]
    triplets = [Triplet("one", (1, 2, 3), truth), Triplet("two", (4, 5, 6), truth.flip(0))]
    monkeypatch.setattr(interpolation, "load_triplets", lambda count, size: triplets[:count])
    monkeypatch.setattr(interpolation, "make_metric", lambda name, device: create_metric("l2"))
    arguments = ["benchmark", "interpolation", "--triplets", "2", "--size", "32", *L2[:-2]]
    arguments += ["--pure-steps", "3", "--outdir", str(tmp_path)]
    assert main(arguments) == 0
    record = json.loads((tmp_path / "benchmark.json").read_text())
    assert len(record["rows"]) == 8
    table = record["summary"]
    assert list(table) == ["cross-fade", "flow", "geodesic", "interpolate"]
    assert table["interpolate"]["psnr"][0] > table["cross-fade"]["psnr"][0] + 3
    assert "mean of 2" in capsys.readouterr().out
    assert (tmp_path / "triplets.png").stat().st_size > 0


def test_scale(tmp_path: Path, capsys) -> None:
    arguments = ["benchmark", "scale", "--metric", "l2", "--frames", "3", "5", "--sizes", "16"]
    arguments += ["--frame-size", "20", "--size-frames", "4"]
    assert main([*arguments, "--outdir", str(tmp_path)]) == 0
    record = json.loads((tmp_path / "benchmark.json").read_text())
    assert [row["frames"] for row in record["by_frames"]] == [3, 5]
    assert [(row["size"], row["frames"]) for row in record["by_size"]] == [(16, 4)]
    assert all(row["seconds"] > 0 and row["memory"] > 50 for row in record["by_frames"])
    assert (tmp_path / "scale.png").stat().st_size > 0
    assert main(["benchmark", "scale", "--frames", "2", "--outdir", str(tmp_path)]) == 2
    assert exponent([1, 2, 4], [3, 12, 48]) == pytest.approx(2)
    assert math.isnan(exponent([1], [1]))


def test_quality_measures() -> None:
    truth = torch.rand(2, 3, 20, 24, generator=torch.Generator().manual_seed(0))
    assert psnr(truth, truth) == math.inf
    off = torch.full((1, 3, 20, 24), 100 / 255)
    assert psnr(off, off + 10 / 255) == pytest.approx(20 * math.log10(25.5), abs=1e-6)
    assert ssim(truth[0], truth[0]) == pytest.approx(1)
    assert ssim(truth[0], truth[1]) < 0.3
