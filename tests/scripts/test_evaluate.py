"""``elpips evaluate``: any folder, animation or video of frames."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from elpips.geometry.reference_path import cross_fade
from elpips.media.animation import save_gif, save_mp4
from elpips.media.frames import forth, read_frames
from elpips.scripts.cli import main
from elpips.scripts.runs.path import save_frames

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


def test_names_are_taken_in_natural_order(tmp_path: Path) -> None:
    for index, frame in enumerate(FADE):
        pixels = (frame.permute(1, 2, 0) * 255).round().to(torch.uint8).numpy()
        Image.fromarray(pixels).save(tmp_path / f"frame{index}.png")
    (tmp_path / "notes.txt").write_text("not a frame")
    torch.testing.assert_close(read_frames(tmp_path), FADE, rtol=0, atol=0.003)


def test_animations_and_videos_are_read_forth_only(tmp_path: Path) -> None:
    flat = torch.linspace(0, 1, 6).view(-1, 1, 1, 1).expand(-1, 3, 32, 40)
    save_gif(tmp_path / "a.gif", flat)
    frames = read_frames(tmp_path / "a.gif")
    assert frames.shape == (6, 3, 32, 40)
    torch.testing.assert_close(frames, flat, rtol=0, atol=0.03)
    for boomerang in (False, True):
        save_mp4(tmp_path / "a.mp4", flat, boomerang=boomerang)
        video = read_frames(tmp_path / "a.mp4")
        assert video.shape == (6, 3, 32, 40)
        torch.testing.assert_close(video, flat, rtol=0, atol=0.03)


def test_forth() -> None:
    frames = torch.rand(5, 3, 4, 4)
    palindrome = torch.cat([frames, frames[:-1].flip(0)])
    for shown in (palindrome, palindrome[:-1]):
        assert torch.equal(forth(shown), frames)
    assert torch.equal(forth(frames), frames)
    assert len(forth(frames[:2])) == 2


def test_bad_sources_are_one_line(tmp_path: Path, capsys) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken.gif").write_bytes(b"GIF89a broken")
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    one = tmp_path / "one"
    one.mkdir()
    Image.fromarray(np.zeros((20, 20, 3), np.uint8)).save(one / "a.png")
    for name, message in (
        ("empty", "holds no pictures"),
        ("broken.gif", "not a readable animation"),
        ("broken.mp4", "not a readable video"),
        ("missing", "no such file or folder"),
        ("one", "found 1, expected at least 3"),
    ):
        assert main(["evaluate", str(tmp_path / name), *L2]) == 2
        errors = capsys.readouterr().err.strip().splitlines()
        assert len(errors) == 1 and message in errors[0]
