"""Paths between two files with transparency; others are those of the command's tests."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cut_outs import SIDE, cut_outs, objects, rgba
from elpips.geometry import load_run
from elpips.media import read_frames
from elpips.scripts.cli import main

__all__ = ["objects"]

FAST = ["--metric", "l2", "--also", "none", "--frames", "4", "--residual-draws", "0"]
KEPT = [*FAST, "--steps", "4", "--alpha", "keep"]


def run(*arguments: str, out: Path) -> dict:
    assert main([*arguments, "--outdir", str(out)]) == 0
    return json.loads((out / "run.json").read_text())


def test_transparency_is_kept_from_files_to_files(objects, tmp_path: Path, caplog) -> None:
    out = tmp_path / "out"
    record = run("geodesic", *objects, *KEPT, "--animations", "webp", "gif", "--preview", out=out)
    assert record["arguments"]["alpha"] == "keep" and record["evaluation"]["energy"] > 0
    assert caplog.messages == [
        f"{out / 'animation.gif'}: transparency is shown over checkers; webp, apng and webm keep it"
    ]
    frames = [rgba(out / f"frames/{index:04d}.png") for index in range(4)]
    for end, frame, name in zip(
        objects, (frames[0], frames[-1]), ("00_one", "01_two"), strict=True
    ):
        assert np.array_equal(rgba(end), frame)
        assert np.array_equal(rgba(end), rgba(out / f"inputs/{name}.png"))
    # No halo: no more half transparent pixels than edges have.
    shares = [((frame[..., 3] > 12) & (frame[..., 3] < 243)).mean() for frame in frames]
    assert max(shares[1:3]) < 1.6 * max(shares[0], shares[3])
    moved = read_frames(out / "animation.webp", alpha="keep")
    assert (moved - read_frames(out / "frames", alpha="keep")).abs().max() < 1e-6
    for name in ("filmstrip.png", "scanline.png", "steps.png", "preview.png"):
        with Image.open(out / name) as image:
            assert np.asarray(image.convert("RGBA"))[..., 3].min() == 255
    assert load_run(out / "checkpoint.pt").x.shape[1:] == (4, SIDE, SIDE)
    assert (out / "report.html").stat().st_size > 10_000


def test_hidden_colours_have_no_influence(objects, tmp_path: Path) -> None:
    others = cut_outs(tmp_path / "others", (255, 0, 255))
    found = []
    for name, ends in (("a", objects), ("b", others)):
        run("geodesic", *ends, *KEPT, out=tmp_path / name)
        found.append([(tmp_path / f"{name}/frames/000{i}.png").read_bytes() for i in range(4)])
    assert found[0] == found[1]


def test_where_nothing_is_transparent_it_is_as_without(pair, tmp_path: Path, caplog) -> None:
    plain = [*FAST, "--steps", "4"]
    records = [
        run("geodesic", *pair, *plain, *more, out=tmp_path / name)
        for name, more in (("plain", ()), ("kept", ("--alpha", "keep")))
    ]
    assert records[0]["evaluation"] == records[1]["evaluation"]
    for index in range(4):
        name = f"frames/{index:04d}.png"
        assert (tmp_path / "plain" / name).read_bytes() == (tmp_path / "kept" / name).read_bytes()
    assert caplog.messages == ["alpha: nothing here is transparent; results have no transparency"]


def test_one_end_may_be_opaque(objects, tmp_path: Path) -> None:
    solid = tmp_path / "solid.jpg"
    Image.fromarray(np.full((SIDE, SIDE, 3), 90, np.uint8)).save(solid)
    run("geodesic", objects[0], str(solid), *KEPT, out=tmp_path / "out")
    assert (rgba(tmp_path / "out/frames/0003.png")[..., 3] == 255).all()
    assert rgba(tmp_path / "out/frames/0000.png")[..., 3].min() == 0


def test_resume_and_given_frames_have_transparency(objects, tmp_path: Path) -> None:
    whole, parts, given = (tmp_path / name for name in ("whole", "parts", "given"))
    arguments = ["geodesic", *objects, *FAST, "--alpha", "keep", "--frame-format", "png16"]
    run(*arguments, "--steps", "70", out=whole)
    run(*arguments, "--steps", "55", out=parts)
    run(*arguments, "--steps", "70", "--resume", out=parts)
    for index in range(4):
        name = f"frames/{index:04d}.png"
        assert (whole / name).read_bytes() == (parts / name).read_bytes()
    run(*arguments, "--steps", "0", "--init", str(whole), out=given)
    found, expected = (read_frames(each, alpha="keep") for each in (given, whole))
    assert (found - expected).abs().max() < 2 / 65535


@pytest.mark.parametrize(
    "options", [["--motion"], ["--tile"], ["--halvings", "1", "--size", "64"], ["--equal-steps"]]
)
def test_it_goes_with_other_options(options: list[str], objects, tmp_path: Path) -> None:
    record = run("geodesic", *objects, *KEPT, *options, out=tmp_path / "out")
    frames = read_frames(tmp_path / "out", alpha="keep")
    assert frames.shape[:2] == (4, 4) and (frames[:, :3] <= frames[:, 3:] + 1e-6).all()
    assert record["evaluation"]["energy"] > 0


@pytest.mark.parametrize(
    ("command", "what"),
    [
        ("distance", "this command"),
        ("compare", "this command"),
        ("attack a1", "this command"),
        ("materials", "materials"),
        ("interpolate", "interpolate of footage"),
        ("figure geodesics", "this figure"),
    ],
)
def test_other_commands_say_that_they_do_not_keep_it(
    command: str, what: str, objects, tmp_path: Path, capsys
) -> None:
    folder = str(tmp_path / "objects")
    files = {"materials": [folder, folder], "interpolate": [folder]}.get(command, objects)
    out = [] if command in ("distance", "compare") else ["--outdir", str(tmp_path / "out")]
    assert main([*command.split(), *files, "--alpha", "keep", *out]) == 2
    assert capsys.readouterr().err == (
        "elpips: error: alpha: keep is for geodesic, morph, barycenter, evaluate and interpolate "
        f"of two pictures, not for {what}; expected auto, white or ignore\n"
    )
