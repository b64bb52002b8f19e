"""``elpips evaluate``: any folder, animation or video of frames."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from command_line import failure
from elpips.geometry.reference_path import cross_fade
from elpips.media import save_frames
from elpips.scripts.cli import main

ENDS = torch.rand(2, 3, 32, 40, generator=torch.Generator().manual_seed(0))
FADE = cross_fade(ENDS[0], ENDS[1], [i / 11 for i in range(12)])
L2 = ["--metric", "l2", "--also", "none"]


def test_a_cross_fade_is_straight_in_l2(tmp_path: Path, capsys) -> None:
    save_frames(tmp_path / "frames", FADE)
    assert main(["evaluate", str(tmp_path / "frames"), *L2, "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["frames"] == 12 and record["size"] == [32, 40]
    evaluation = record["evaluation"]
    assert evaluation["excess"] == pytest.approx(0, abs=1e-3)
    assert evaluation["normalized_ppl"] == pytest.approx(1, abs=5e-3)
    assert evaluation["baseline"]["energy"] == pytest.approx(evaluation["energy"], rel=5e-3)
    assert main(["evaluate", str(tmp_path / "frames"), *L2]) == 0
    table = capsys.readouterr().out
    assert "12 frames of 40 x 32 pixels" in table and "cross-fade" in table


def test_bad_sources_are_one_line(tmp_path: Path, capsys) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken.gif").write_bytes(b"GIF89a broken")
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    one = tmp_path / "one"
    one.mkdir()
    Image.fromarray(np.zeros((20, 20, 3), np.uint8)).save(one / "a.png")
    for name, message in (
        ("empty", "holds no pictures"),
        ("broken.gif", "not an image that can be read"),
        ("broken.mp4", "not a readable video"),
        ("missing", "no such file or folder"),
        ("one", "found 1, expected at least 3"),
    ):
        assert main(["evaluate", str(tmp_path / name), *L2]) == 2
        errors = capsys.readouterr().err.strip().splitlines()
        assert len(errors) == 1 and message in errors[0]


def test_a_second_metric_that_is_none_is_said_first(tmp_path: Path, capsys) -> None:
    options = ["--metric", "l2", "--also", "lpips_alx"]
    said = failure(capsys, "evaluate", str(tmp_path / "missing"), *options)
    assert said.startswith("also: found 'lpips_alx', expected none or one of ")


def test_pictures_are_read_as_asked(tmp_path: Path, capsys) -> None:
    for index, side in enumerate((32, 40, 36)):
        pixels = np.full((side, side, 4), 80 * index, np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{index}.png")
    assert main(["evaluate", str(tmp_path), *L2]) == 2
    assert "--size N" in capsys.readouterr().err
    assert main(["evaluate", str(tmp_path), *L2, "--size", "32", "--alpha", "ignore"]) == 0
    out, errors = capsys.readouterr()
    assert "3 frames of 32 x 32 pixels" in out and "composited" not in errors
    assert main(["evaluate", str(tmp_path), *L2, "--crop", "center"]) == 0


def test_what_repeats_is_judged_without_borders(tmp_path: Path, capsys) -> None:
    save_frames(tmp_path / "frames", FADE)
    assert main(["evaluate", str(tmp_path / "frames"), *L2, "--tile", "--json"]) == 0
    out, errors = capsys.readouterr()
    record = json.loads(out)
    assert record["tile"] == "both" and "does not tile" not in errors
    assert max(record["evaluation"]["seams"]["x"]["elsewhere"]) < 1.3
    save_frames(tmp_path / "ramp", (FADE / 4 + torch.linspace(0, 0.7, 40)).clamp(max=1))
    assert main(["evaluate", str(tmp_path / "ramp"), *L2, "--tile", "x"]) == 0
    out, errors = capsys.readouterr()
    assert "frame 11 does not tile: across its left and right borders" in errors
    assert "seams: across borders" in out and "top and bottom" not in errors
    assert main(["evaluate", str(tmp_path / "frames"), "--metric", "lpips_alex", "--tile"]) == 2
    assert "tile" in capsys.readouterr().err


def test_the_folder_of_a_run_is_measured_by_its_frames(tmp_path: Path, capsys) -> None:
    save_frames(tmp_path / "frames", FADE)
    save_frames(tmp_path, ENDS)
    (tmp_path / "run.json").write_text("{}")
    assert main(["evaluate", str(tmp_path), *L2]) == 0
    assert "12 frames of 40 x 32 pixels" in capsys.readouterr().out


def test_paths_with_transparency_are_judged_with_it(tmp_path: Path, capsys) -> None:
    alpha = torch.linspace(0, 1, 40).expand(12, 1, 32, 40)
    save_frames(tmp_path / "frames", torch.cat([FADE * alpha, alpha], 1), "png16")
    arguments = ["evaluate", str(tmp_path / "frames"), *L2, "--alpha", "keep", "--draws", "8"]
    assert main([*arguments, "--json"]) == 0
    evaluation = json.loads(capsys.readouterr().out)["evaluation"]
    # L2 alone takes one draw: there is nothing random in it but the background.
    assert evaluation["draws"] == 8 and evaluation["excess"] == pytest.approx(0, abs=1e-3)
