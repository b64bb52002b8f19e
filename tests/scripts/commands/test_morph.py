"""``elpips morph``: chains of paths, one speed, circles."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cut_outs import objects, rgba
from elpips.media import read_frames
from elpips.scripts.cli import main
from interruption import interrupt
from mask_runs import check_mask

__all__ = ["objects"]

FAST = ["--metric", "l2", "--also", "none", "--init", "blend", "--frames", "5", "--steps", "3"]


@pytest.fixture
def keys(tmp_path: Path) -> list[str]:
    # Flat images: black, dark grey, white, at distances 1 : 3.
    paths = []
    for name, level in (("black", 0), ("dark", 64), ("white", 255)):
        paths.append(tmp_path / f"{name}.png")
        Image.fromarray(np.full((32, 40, 3), level, np.uint8)).save(paths[-1])
    return [str(path) for path in paths]


def levels(folder: Path) -> list[int]:
    values = []
    for path in sorted(folder.iterdir()):
        with Image.open(path) as image:
            values.append(int(np.asarray(image)[0, 0, 0]))
    return values


def test_frames_are_shared_out_by_distance(keys, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(["morph", *keys, *FAST, "--outdir", str(out)]) == 0
    record = json.loads((out / "run.json").read_text())
    assert record["evaluation"]["transitions"] == [2, 6]
    assert len(record["evaluation"]["segments"]) == 2
    assert record["evaluation"]["uniformity_cv"] < 0.05
    shown = levels(out / "frames")
    assert len(shown) == 9 and shown[0] == 0 and shown[2] == 64 and shown[-1] == 255
    assert shown == sorted(shown)
    assert (read_frames(out / "animation.mp4")[[0, -1], :, 0, 0] * 255).round().sum(1).tolist() == [
        0,
        3 * 255,
    ]
    for name in ("filmstrip.png", "scanline.png"):
        with Image.open(out / name) as image:
            assert image.convert("L").getextrema()[1] == 255


def test_a_folder_stands_for_the_pictures_in_it(keys, tmp_path: Path) -> None:
    whole, out = tmp_path / "keys", tmp_path / "out"
    whole.mkdir()
    for path in keys:
        Path(path).rename(whole / Path(path).name)
    assert main(["morph", str(whole), *FAST, "--outdir", str(out)]) == 0
    assert levels(out / "frames")[0] == 0 and levels(out / "frames")[-1] == 255


def test_a_loop_returns_to_the_first_image_and_shows_it_once(keys, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(["morph", *keys, *FAST, "--loop", "--outdir", str(out)]) == 0
    record = json.loads((out / "run.json").read_text())
    counts = record["evaluation"]["transitions"]
    assert len(counts) == 3 and sum(counts) == 12
    shown = levels(out / "frames")
    assert len(shown) == 12 and shown[0] == 0 and 0 < shown[-1] < 64
    with Image.open(out / "animation.gif") as gif:
        assert gif.n_frames == 12


def test_a_shorter_chain_leaves_no_pair_of_a_longer_one(keys, tmp_path: Path, capsys) -> None:
    out = [*FAST, "--outdir", str(tmp_path / "out")]
    assert main(["morph", *keys, *out]) == 0
    assert main(["morph", *keys[:2], *out]) == 0
    assert [path.name for path in (tmp_path / "out/segments").iterdir()] == ["00"]
    capsys.readouterr()
    assert main(["morph", *keys, *FAST, "--outdir", str(tmp_path / "new"), "--resume"]) == 2
    assert "no checkpoint there to resume from" in capsys.readouterr().err


def test_a_stopped_chain_goes_on(keys, tmp_path: Path, monkeypatch, capsys) -> None:
    out = ["--outdir", str(tmp_path / "out")]
    slow = [*FAST[:-1], "70"]
    with monkeypatch.context() as patch:
        interrupt(patch, lambda run: run.x.shape[0] > 1)
        assert main(["morph", *keys, *slow, *out]) == 130
    assert "--resume goes on" in capsys.readouterr().err
    assert main(["morph", *keys, *slow, *out, "--resume"]) == 0
    whole = tmp_path / "whole"
    assert main(["morph", *keys, *slow, "--outdir", str(whole)]) == 0
    assert levels(tmp_path / "out/frames") == levels(whole / "frames")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["--frames", "2"], "frames: found 2"), (["--power", "3"], "power: found 3")],
)
def test_bad_options(keys, tmp_path: Path, capsys, arguments: list[str], message: str) -> None:
    assert main(["morph", *keys, *FAST, *arguments, "--outdir", str(tmp_path / "o")]) == 2
    assert message in capsys.readouterr().err
    assert main(["morph", keys[0], *FAST, "--outdir", str(tmp_path / "o")]) == 2
    assert "found 1 images, expected two or more" in capsys.readouterr().err


def test_what_a_mask_keeps_is_as_the_start_has_it(pair, tmp_path: Path, capsys) -> None:
    arguments = ["morph", *pair, *FAST[:6], "--init", "nearest"]
    check_mask(arguments, "frames/0002.png", tmp_path, capsys)


def test_transparency_is_kept_in_a_circle(objects, tmp_path: Path) -> None:
    arguments = ["morph", *objects, *FAST[:4], "--loop", "--alpha", "keep", "--frames", "4"]
    for steps, more in (("2", []), ("3", ["--resume"])):
        out = ["--steps", steps, "--animations", "webp", *more, "--outdir", str(tmp_path / "out")]
        assert main([*arguments, *out]) == 0
    frames = read_frames(tmp_path / "out", alpha="keep")
    assert frames.shape == (6, 4, 32, 32)
    assert (frames - read_frames(tmp_path / "out/animation.webp", alpha="keep")).abs().max() < 1e-6
    assert np.array_equal(rgba(tmp_path / "out/frames/0000.png"), rgba(objects[0]))
