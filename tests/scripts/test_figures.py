"""The demonstration, Figure 4 and the benchmark, small and with what needs no weights."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from elpips.scripts.benchmarks import barycenters as benchmark
from elpips.scripts.cli import main
from elpips.scripts.figures import barycenters as figure
from elpips.scripts.figures import geodesics as geodesics
from elpips.scripts.figures.barycenters import noisy_copies, shifted_copies

IMAGE = torch.rand(3, 24, 20, generator=torch.Generator().manual_seed(0))


def test_noisy_copies_have_the_stated_noise() -> None:
    grey = torch.full((3, 64, 64), 0.5)
    copies = noisy_copies(grey, 10, 0.07, torch.Generator().manual_seed(1))
    assert copies.shape == (10, 3, 64, 64)
    assert float((copies - 0.5).std()) == pytest.approx(0.07, rel=0.02)
    assert noisy_copies(torch.ones(3, 8, 8), 2, 0.07, torch.Generator()).max() <= 1


def test_shifted_copies_are_shifts_with_mirrored_borders() -> None:
    copies = shifted_copies(IMAGE, 200, 2, torch.Generator().manual_seed(1))
    assert copies.shape == (200, *IMAGE.shape)
    seen = set()
    for copy in copies:
        for y in range(-2, 3):
            for x in range(-2, 3):
                if torch.equal(copy[:, 2:-2, 2:-2], IMAGE.roll((-y, -x), (1, 2))[:, 2:-2, 2:-2]):
                    seen.add((y, x))
    assert len(seen) == 25


def test_figure_four_of_the_pixel_metric(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(figure, "_TITLES", {"l2": "L2"})
    source = tmp_path / "image.png"
    Image.fromarray((IMAGE.permute(1, 2, 0).numpy() * 255).astype(np.uint8)).save(source)
    out = tmp_path / "out"
    arguments = ["figure", "barycenters", str(source), "--size", "20", "--outdir", str(out)]
    assert main(arguments) == 0
    record = json.loads((out / "figure.json").read_text())
    detail = {cell["copies"]: cell["high_band_ratio"] for cell in record["cells"]}
    # The mean of shifted copies of noise loses its detail.
    assert detail["shift"] < 0.2
    assert (out / "figure.png").exists() and (out / "shift_l2.png").exists()
    assert "figure.png" in capsys.readouterr().out


def test_benchmark_goes_on_where_it_stopped(tmp_path: Path, monkeypatch, capsys) -> None:
    arguments = ["benchmark", "barycenters", "--metric", "l2", "--samples", "1", "--size", "16"]
    arguments += ["--steps", "3", "--released", "2", "4", "--outdir", str(tmp_path)]
    assert main(arguments) == 0
    first = capsys.readouterr().out
    rows = json.loads((tmp_path / "benchmark.json").read_text())["rows"]
    assert [(row["schedule"], row["steps"]) for row in rows] == [
        ("adaptive", 3),
        ("released", 2),
        ("released", 4),
    ]
    assert [row["network_passes"] for row in rows] == [12, 8, 16]

    def fail(*_: object) -> None:
        raise AssertionError("solved again")

    monkeypatch.setattr(benchmark, "_solve", fail)
    assert main(arguments) == 0
    assert capsys.readouterr().out == first


def test_panels_are_side_by_side() -> None:
    panels = geodesics.side_by_side([torch.zeros(2, 3, 8, 6), torch.ones(2, 3, 8, 7) / 2])
    assert panels.shape == (2, 3, 8, 18)
    assert (panels[..., 6:11] == 1).all() and (panels[..., 11:] == 0.5).all()


def test_titles_are_in_the_corner_of_every_frame() -> None:
    titled = geodesics.labelled(torch.full((2, 3, 64, 96), 0.5), "E-LPIPS")
    assert titled.shape == (2, 3, 64, 96) and torch.equal(titled[0], titled[1])
    assert titled.max() > 0.9 and titled.min() < 0.2
    assert (titled[..., 32:, :] - 0.5).abs().max() < 0.01


@pytest.mark.weights
@pytest.mark.slow
def test_figure_of_geodesics(tmp_path: Path, capsys) -> None:
    rng = np.random.default_rng(0)
    paths = [tmp_path / f"{name}.png" for name in ("first", "second")]
    for path in paths:
        Image.fromarray(rng.integers(0, 256, (40, 40, 3), dtype=np.uint8)).save(path)
    out = tmp_path / "out"
    arguments = ["figure", "geodesics", *map(str, paths), "--size", "32", "--frames", "4"]
    arguments += ["--steps", "2", "--evaluation-draws", "2", "--outdir", str(out)]
    assert main(arguments) == 0
    for name in ("figure.png", "animation.gif", "animation.mp4", "figure.json"):
        assert (out / name).stat().st_size > 0
    record = json.loads((out / "figure.json").read_text())
    assert set(record["under_elpips_vgg"]) == {"elpips_vgg", "lpips_vgg", "l2"}
    with Image.open(out / "animation.gif") as gif:
        assert gif.size == (3 * 32 + 2 * 5, 32)
    assert "LPIPS-VGG" in capsys.readouterr().out


@pytest.mark.weights
def test_demo(tmp_path: Path, capsys) -> None:
    arguments = ["demo", "--size", "32", "--steps", "3", "--path-steps", "2", "--frames", "3"]
    assert main([*arguments, "--outdir", str(tmp_path / "demo")]) == 0
    last = capsys.readouterr().out.strip().splitlines()[-7:]
    assert all(Path(line).exists() for line in last)
    assert {"animation.gif", "animation.mp4", "scanline.png"} <= {Path(line).name for line in last}
    assert (tmp_path / "demo/barycenter/barycenter.png").exists()
