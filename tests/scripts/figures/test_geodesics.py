"""``elpips figure geodesics``: panels, titles and the whole in small."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from elpips.media import read_frames, read_image
from elpips.scripts.cli import main
from elpips.scripts.figures import geodesics


def test_panels_are_side_by_side() -> None:
    panels = geodesics.side_by_side([torch.zeros(2, 3, 8, 6), torch.ones(2, 3, 8, 7) / 2])
    assert panels.shape == (2, 3, 8, 18)
    assert (panels[..., 6:11] == 1).all() and (panels[..., 11:] == 0.5).all()


def test_titles_are_in_the_corner_of_every_frame() -> None:
    titled = geodesics.labelled(torch.full((2, 3, 64, 96), 0.5), "E-LPIPS")
    assert titled.shape == (2, 3, 64, 96) and torch.equal(titled[0], titled[1])
    assert titled.max() > 0.9 and titled.min() < 0.2
    assert (titled[..., 32:, :] - 0.5).abs().max() < 0.01


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--row", "33"], "rows: found 33, expected 0 to 32"),
        (["--frame-format", "tiff"], "--frame-format"),
        (["--also", "l2"], "--also"),
        (["--scale-levels", "2"], "--scale-levels"),
    ],
)
def test_what_it_has_no_use_for_is_refused(
    options: list[str], said: str, pair: list[str], tmp_path: Path, capsys
) -> None:
    where = ["--size", "33", "--outdir", str(tmp_path / "out")]
    assert main(["figure", "geodesics", *pair, *where, *options]) == 2
    assert said in capsys.readouterr().err


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
    arguments += ["--others", "rlpips_alex", "--row", "5"]
    assert main(arguments) == 0
    assert read_image(out / "figure.png").std() > 0.01
    assert read_frames(out / "animation.mp4").shape == (4, 3, 32, 144)
    record = json.loads((out / "figure.json").read_text())
    assert record["row"] == 5 and record["arguments"]["row"] == 5
    assert set(record["under_elpips_vgg"]) == {*("elpips_vgg", "lpips_vgg", "rlpips_alex", "l2")}
    with Image.open(out / "animation.gif") as gif:
        assert gif.size == (4 * 32 + 3 * 5, 32)
    assert "LPIPS-VGG" in capsys.readouterr().out
