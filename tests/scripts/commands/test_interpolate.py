"""``elpips interpolate``: two images as a path, footage as more footage."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from elpips.media import open_frames, read_frames, read_image, save_animation, save_frames
from elpips.media.samples import read_sample
from elpips.scripts.cli import main
from elpips.scripts.runs.footage import Smoother
from elpips.scripts.runs.results import Results

CHELSEA = read_sample("chelsea")
FRAMES = torch.stack([CHELSEA[:, 50:98, 60 + 2 * index : 108 + 2 * index] for index in range(3)])
FAST = ("--metric", "l2", "--steps", "2", "--evaluation-draws", "2", "--also", "none")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_frames(tmp_path / "shots", FRAMES)
    return tmp_path / "shots"


def run(source: Path, out: Path, *more: str) -> int:
    return main(["interpolate", str(source), *FAST[:-2], *more, "--outdir", str(out)])


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


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_what_is_no_footage_costs_nothing_of_the_run_before(folder, tmp_path, capsys) -> None:
    out = tmp_path / "out"
    assert run(folder, out) == 0
    before = contents(out)
    assert run(folder / "0000.png", out) == 2
    assert "no two different frames" in capsys.readouterr().err
    assert contents(out) == before


def test_frames_of_the_run_before_are_not_gone_on_with(folder, tmp_path, monkeypatch) -> None:
    other, out, whole = tmp_path / "other", tmp_path / "out", tmp_path / "whole"
    save_frames(other, FRAMES.flip(0))
    assert run(folder, out) == 0 and run(other, whole) == 0
    with monkeypatch.context() as patched:
        # As a kill would: nothing is tidied at the end.
        patched.setattr(Results, "remove_earlier", lambda *_: None)
        patched.setattr(Smoother, "between", stop_at_second(Smoother.between))
        assert run(other, out) == 130
    assert run(other, out, "--resume") == 0
    assert contents(out / "frames") == contents(whole / "frames")


def stop_at_second(between):
    calls = []

    def stopped(*arguments: object):
        calls.append(1)
        if len(calls) > 1:
            raise KeyboardInterrupt
        return between(*arguments)

    return stopped


def test_results_do_not_go_where_frames_are_read(folder, tmp_path, capsys) -> None:
    out, pair = tmp_path / "out", [str(folder / f"000{index}.png") for index in (0, 2)]
    clip = contents(folder)
    assert run(folder, folder) == 2
    assert contents(folder) == clip
    assert main(["interpolate", *pair, *FAST, "--outdir", str(out)]) == 0
    before = contents(out)
    for source in (out, out / "frames"):
        assert run(source, out) == 2
        start = ["--init", str(source), "--outdir", str(out)]
        assert main(["interpolate", *pair, *FAST, *start]) == 2
    assert contents(out) == before
    errors = capsys.readouterr().err
    assert errors.count("is where the results") == 5 and errors.count("another --outdir") == 5
    assert run(out, tmp_path / "next") == 0


def test_frames_are_of_the_format_asked_for(folder, tmp_path) -> None:
    out = tmp_path / "out"
    for form, ending in (("png16", "png"), ("tiff", "tif"), ("exr", "exr")):
        assert run(folder, out, "--frame-format", form) == 0
        assert [path.suffix for path in (out / "frames").iterdir()] == [f".{ending}"] * 5
        with open_frames(out / "video.mp4") as stream:
            assert stream.count == 5
        assert (out / "report.html").exists()
        if form != "exr":
            found = read_frames(out / "frames")[::2]
            torch.testing.assert_close(found, read_frames(folder), rtol=0, atol=1e-5)


def test_a_factor_of_two_images_is_frames_between(folder, tmp_path, capsys) -> None:
    ends = [str(folder / f"000{index}.png") for index in (0, 2)]
    arguments = ["interpolate", *ends, *FAST, "--outdir", str(tmp_path / "out"), "--factor", "4"]
    assert main([*arguments, "--frames", "7"]) == 2
    assert "frames: found 7, and factor 4 means 5" in capsys.readouterr().err
    assert main(arguments) == 0
    assert len(read_frames(tmp_path / "out/frames")) == 5
    # As given: a batch knows the row again, and the command repeats it.
    given = json.loads((tmp_path / "out/run.json").read_text())["arguments"]
    assert (given["factor"], given["frames"]) == (4, 3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--factor", "0"), "factor: found 0"),
        (("--source-fps", "-1"), "source_fps: found -1"),
        (("--init", "nowhere"), "init: found 'nowhere'"),
        (("--rows", "3", "--no-boomerang"), "rows, boomerang: of no use in interpolate of footage"),
    ],
)
def test_what_cannot_be_is_said_before_work_begins(
    folder, tmp_path, capsys, options, message
) -> None:
    assert run(folder, tmp_path / "out", *options) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
