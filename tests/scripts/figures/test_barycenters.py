"""``elpips figure barycenters``: copies, and the figure of the pixel metric."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from elpips.scripts.cli import main
from elpips.scripts.figures import barycenters as figure
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
    monkeypatch.setattr(figure, "_METRICS", ("l2",))
    source = tmp_path / "image.png"
    Image.fromarray((IMAGE.permute(1, 2, 0).numpy() * 255).astype(np.uint8)).save(source)
    out = tmp_path / "out"
    arguments = ["figure", "barycenters", str(source), "--size", "20", "--outdir", str(out)]
    arguments += ["--others", "l2"]
    assert main(arguments) == 0
    record = json.loads((out / "figure.json").read_text())
    assert [cell["metric"] for cell in record["cells"]] == ["l2"] * 4
    detail = {cell["copies"]: cell["high_band_ratio"] for cell in record["cells"]}
    # The mean of shifted copies of noise loses its detail.
    assert detail["shift"] < 0.2
    assert (out / "figure.png").exists() and (out / "shift_l2.png").exists()
    assert "figure.png" in capsys.readouterr().out
