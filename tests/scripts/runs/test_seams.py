"""What is said of seams: by commands with --tile, of inputs and of what becomes of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from command_line import failure
from elpips.geometry.blur import gaussian_blur
from elpips.media import save_image
from elpips.scripts.cli import main
from elpips.scripts.runs.seams import note_seams, seams_line, seams_record
from toy_paths import noise

FAST = ["--metric", "l2", "--steps", "5"]
PATH = [*FAST, "--also", "none", "--frames", "4", "--animations", "gif"]


@pytest.fixture
def textures(tmp_path: Path) -> list[str]:
    """Return two pictures that tile, and one with a seam of its left and right borders."""
    tiles = gaussian_blur(noise(3, 3, 32, 40, seed=2), 1.0, (True, True))
    tiles[2] = (tiles[2] + torch.linspace(0, 0.4, 40)).clamp(0, 1)
    paths = [tmp_path / f"{name}.png" for name in ("bark", "moss", "wall")]
    for path, tile in zip(paths, tiles, strict=True):
        save_image(path, tile)
    return [str(path) for path in paths]


@pytest.mark.parametrize("command", ["geodesic", "interpolate", "morph", "barycenter"])
def test_inputs_with_a_seam_are_said_and_seams_are_recorded(
    command: str, textures, tmp_path: Path, capsys
) -> None:
    options = [*(FAST if command == "barycenter" else PATH), "--outdir", str(tmp_path / "out")]
    assert main([command, "--tile", textures[0], textures[2], *options]) == 0
    captured = capsys.readouterr()
    notes = [line for line in captured.err.splitlines() if "NOTE" in line]
    assert len(notes) == 1 and "wall does not tile: across its left and right borders" in notes[0]
    assert "seams: across borders pixels differ up to " in captured.out
    record = json.loads((tmp_path / "out/run.json").read_text())
    assert record["ensemble"] is None and record["arguments"]["tile"] == "both"
    found = record["evaluation"]
    found = found["segments"][0] if command == "morph" else found
    counts = {axis: len(seams["elsewhere"]) for axis, seams in found["seams"].items()}
    assert counts == dict.fromkeys("xy", 1 if command == "barycenter" else 4)


def test_nothing_is_said_where_images_are_not_to_tile(textures, tmp_path: Path, capsys) -> None:
    out = ["--outdir", str(tmp_path / "out")]
    assert main(["barycenter", *textures[::2], *FAST, *out]) == 0
    captured = capsys.readouterr()
    assert "does not tile" not in captured.err and "seams" not in captured.out
    assert "seams" not in json.loads((tmp_path / "out/run.json").read_text())["evaluation"]
    assert seams_record(noise(1, 3, 8, 8), "none") == {} and seams_line([{}]) == []


def test_only_borders_that_are_to_meet_are_looked_at(caplog) -> None:
    ramp = torch.linspace(0, 1, 16).expand(1, 3, 8, 16)
    note_seams(["ramp"], ramp, "y")
    assert not caplog.records
    note_seams(["ramp"], ramp, "x")
    assert "pixels differ 15.0 times as much as between its columns" in caplog.text
    lines = seams_line([seams_record(ramp, "both"), seams_record(ramp * 0.5, "both")])
    assert lines[0].endswith("up to 14.98 (x), 1.00 (y) times as much as inside")


@pytest.mark.weights
def test_what_cannot_tile_is_said(textures, tmp_path: Path, capsys) -> None:
    out = ["--outdir", str(tmp_path / "out")]
    message = failure(
        capsys, "geodesic", *textures[:2], "--metric", "lpips_alex", "--tile", "y", *out
    )
    assert message.startswith("tile: lpips_alex has no ensemble that could roll images")


def test_runs_go_on_on_the_same_torus_only(textures, tmp_path: Path, capsys) -> None:
    run = ["barycenter", *textures[:2], *FAST, "--outdir", str(tmp_path / "out")]
    assert main([*run, "--tile", "x"]) == 0
    capsys.readouterr()
    assert "made with --tile x, not both" in failure(capsys, *run, "--resume", "--tile")
    assert main([*run, "--resume", "--tile", "x"]) == 0
