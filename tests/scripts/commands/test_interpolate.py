"""``elpips interpolate``: two images as a path, footage as more footage."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from elpips.media import open_frames, read_frames, read_image, save_animation, save_frames
from elpips.media.samples import read_sample
from elpips.scripts.cli import main

CHELSEA = read_sample("chelsea")
FRAMES = torch.stack([CHELSEA[:, 50:98, 60 + 2 * index : 108 + 2 * index] for index in range(3)])
FAST = ("--metric", "l2", "--steps", "2", "--evaluation-draws", "2", "--also", "none")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_frames(tmp_path / "shots", FRAMES)
    return tmp_path / "shots"


def run(source: Path, out: Path, *more: str) -> int:
    return main(["interpolate", str(source), *FAST, *more, "--outdir", str(out)])


def test_two_images_have_frames_between(folder, tmp_path, caplog) -> None:
    ends = [str(folder / f"000{index}.png") for index in (0, 2)]
    assert main(["interpolate", *ends, *FAST, "--outdir", str(tmp_path / "out")]) == 0
    frames = read_frames(tmp_path / "out/frames")
    assert len(frames) == 3 and torch.equal(frames[0], read_image(ends[0]))
    assert (frames[1] - FRAMES[1]).abs().mean() < 0.5 * (FRAMES[0] - FRAMES[1]).abs().mean()
    assert "two scenes" not in caplog.text


def test_of_two_images_of_different_scenes_the_nearer_is_held(tmp_path, caplog) -> None:
    ends = torch.stack([FRAMES[0], read_sample("coffee")[:, 60:108, 60:108]])
    save_frames(tmp_path / "shots", ends)
    files = [str(tmp_path / "shots" / f"000{index}.png") for index in (0, 1)]
    held = ["--frames", "4", "--outdir", str(tmp_path / "out")]
    assert main(["interpolate", *files, *FAST, *held]) == 0
    assert caplog.text.count("two scenes") == 1 and files[1] in caplog.text
    frames, shots = read_frames(tmp_path / "out/frames"), read_frames(tmp_path / "shots")
    assert torch.equal(frames, shots[[0, 0, 1, 1]])
    assert main(["interpolate", *files, *FAST, *held, "--init", "crisp"]) == 0
    assert not torch.equal(read_frames(tmp_path / "out/frames")[1], shots[0])


def test_a_folder_becomes_smoother_footage(folder, tmp_path, capsys) -> None:
    out = tmp_path / "out"
    assert run(folder, out, "--factor", "4", "--source-fps", "10") == 0
    frames = read_frames(out / "frames")
    assert len(frames) == 9 and torch.equal(frames[4], read_image(folder / "0001.png"))
    with open_frames(out / "video.mp4") as stream:
        assert stream.rate == 40 and stream.count == 9
    record = json.loads((out / "run.json").read_text())
    assert record["written"] == 9 and record["rate"] == 40 and record["frames"] == 9
    assert "9 frames at 40 per second" in capsys.readouterr().out


def test_a_video_goes_to_the_rate_asked_for(tmp_path) -> None:
    video, out = tmp_path / "in.mp4", tmp_path / "out"
    save_animation(video, FRAMES, fps=25, boomerang=False, faithful=True)
    assert run(video, out, "--fps", "50") == 0
    assert len(read_frames(out / "frames")) > len(FRAMES)


def test_a_run_goes_on_and_says_with_what_it_cannot(folder, tmp_path, capsys) -> None:
    out = tmp_path / "out"
    assert run(folder, out) == 0
    kept = (out / "frames/000001.png").read_bytes()
    (out / "frames/000001.png").unlink()
    assert run(folder, out, "--resume") == 0
    assert "2 written, 3 kept" in capsys.readouterr().out
    assert (out / "frames/000001.png").read_bytes() == kept
    assert run(folder, out, "--resume", "--factor", "4") == 2
    assert "was made with another step" in capsys.readouterr().err


def test_another_run_leaves_nothing_of_the_one_before(folder, tmp_path) -> None:
    out = tmp_path / "out"
    assert run(folder, out, "--factor", "4") == 0
    assert run(folder, out, "--factor", "2") == 0
    assert len(list((out / "frames").glob("*.png"))) == 5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--factor", "0"), "factor: found 0"),
        (("--source-fps", "-1"), "source_fps: found -1"),
        (("--init", "nowhere"), "init: found 'nowhere'"),
    ],
)
def test_what_cannot_be_is_said_before_work_begins(
    folder, tmp_path, capsys, options, message
) -> None:
    assert run(folder, tmp_path / "out", *options) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
