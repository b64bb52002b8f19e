"""``elpips geodesic`` and its kin from files to files, with the L2 metric, which is exact."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from elpips.scripts.cli import main
from elpips.scripts.commands.geodesic import geodesic_command
from elpips.scripts.runs import path_run as module
from elpips.scripts.runs.path_run import PathOptions

FAST = ["--metric", "l2", "--also", "none", "--frames", "5", "--steps", "30"]
MEASURES = (
    "length",
    "chord",
    "excess",
    "energy",
    "normalized_ppl",
    "uniformity_cv",
    "end_step_ratio",
    "mid_contrast",
    "high_band_ratio",
)


@pytest.fixture
def pair(tmp_path: Path) -> list[str]:
    rng = np.random.default_rng(0)
    paths = [tmp_path / f"{name}.png" for name in ("first", "second")]
    for path in paths:
        Image.fromarray(rng.integers(0, 256, (33, 41, 3), dtype=np.uint8)).save(path)
    return [str(path) for path in paths]


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


@pytest.mark.parametrize("command", ["geodesic", "interpolate"])
def test_writes_everything_it_promises(command: str, pair, tmp_path: Path, capsys) -> None:
    out = tmp_path / "out"
    assert main([command, *pair, *FAST, "--init", "blend", "--outdir", str(out)]) == 0
    names = ("animation.gif", "animation.mp4", "filmstrip.png", "scanline.png", "steps.png")
    for name in (*names, "checkpoint.pt"):
        assert (out / name).stat().st_size > 0
    assert sorted(path.name for path in (out / "frames").iterdir()) == [
        f"{index:04d}.png" for index in range(5)
    ]
    for index, name in ((0, pair[0]), (4, pair[1])):
        assert np.array_equal(pixels(out / "frames" / f"{index:04d}.png"), pixels(Path(name)))
    record = json.loads((out / "run.json").read_text())
    assert record["command"] == command and record["seed"] == 0
    assert record["result"] == "step limit reached"
    evaluation = record["evaluation"]
    for measures in (evaluation, evaluation["baseline"]):
        assert all(isinstance(measures[name], float) for name in MEASURES)
    assert evaluation["baseline"]["excess"] == pytest.approx(0, abs=1e-5)
    assert len(evaluation["steps"]) == 4 and len(evaluation["high_band"]) == 5
    table = capsys.readouterr().out
    assert "cross-fade" in table and "no path is shorter than the chord" in table


def test_the_l2_geodesic_is_the_cross_fade(pair, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(["geodesic", *pair, *FAST, "--init", "blend", "--outdir", str(out)]) == 0
    first, second = (pixels(Path(path)).astype(float) for path in pair)
    assert abs(pixels(out / "frames/0001.png") - (0.75 * first + 0.25 * second)).max() <= 1


def test_a_shorter_path_leaves_no_old_frames(pair, tmp_path: Path, capsys) -> None:
    out = ["--outdir", str(tmp_path / "out"), "--steps", "1"]
    assert main(["geodesic", *pair, *FAST, *out]) == 0
    assert main(["geodesic", *pair, *FAST, "--frames", "3", *out]) == 0
    assert len(list((tmp_path / "out/frames").iterdir())) == 3
    assert "holds an earlier run" in capsys.readouterr().err


def test_resume_is_bit_identical(pair, tmp_path: Path) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    arguments = ["geodesic", *pair, "--metric", "l2", "--also", "none", "--init", "noise"]
    assert main([*arguments, "--steps", "120", "--outdir", str(whole)]) == 0
    assert main([*arguments, "--steps", "70", "--outdir", str(parts)]) == 0
    assert main([*arguments, "--steps", "120", "--outdir", str(parts), "--resume"]) == 0
    for index in range(10):
        name = f"frames/{index:04d}.png"
        assert (whole / name).read_bytes() == (parts / name).read_bytes()
    one, two = (json.loads((each / "run.json").read_text()) for each in (whole, parts))
    assert one["evaluation"] == two["evaluation"]


def test_resuming_something_else_is_refused(pair, tmp_path: Path, capsys) -> None:
    out = ["--outdir", str(tmp_path / "out")]
    assert main(["geodesic", *pair, *FAST, *out]) == 0
    assert main(["geodesic", *pair[::-1], *FAST, *out, "--resume"]) == 2
    assert "the checkpoint was made with images" in capsys.readouterr().err
    assert main(["geodesic", *pair, *FAST, "--frames", "6", *out, "--resume"]) == 2
    assert "the checkpoint was made with" in capsys.readouterr().err


def test_interruption_leaves_frames_record_and_checkpoint(
    pair, tmp_path: Path, monkeypatch
) -> None:
    class Impatient(module.ProgressBar):
        def __call__(self, run) -> None:
            if run.step == 77:
                raise KeyboardInterrupt

    out = tmp_path / "out"
    arguments = ["geodesic", *pair, "--metric", "l2", "--also", "none", "--init", "noise"]
    arguments += ["--steps", "110"]
    with monkeypatch.context() as patch:
        patch.setattr(module, "ProgressBar", Impatient)
        assert main([*arguments, "--outdir", str(out)]) == 130
    record = json.loads((out / "run.json").read_text())
    assert record["result"].startswith("interrupted") and record["steps"] == 77
    assert record["evaluation"]["energy"] > 0
    assert len(list((out / "frames").iterdir())) == 10 and (out / "animation.gif").exists()
    assert main([*arguments, "--outdir", str(out), "--resume"]) == 0
    assert main([*arguments, "--outdir", str(tmp_path / "whole")]) == 0
    for index in range(10):
        name = f"frames/{index:04d}.png"
        assert (out / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")
def test_ctrl_c(pair, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "elpips", "geodesic", *pair, "--metric", "l2"]
    with subprocess.Popen(
        [*command, "--also", "none", "--steps", "1000000", "--outdir", str(out)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        # Where the tests run in the background, the shell has them ignore SIGINT.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        try:
            deadline = time.monotonic() + 120
            while not (out / "checkpoint.pt").exists():
                assert time.monotonic() < deadline and process.poll() is None
                time.sleep(0.1)
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=120)
        finally:
            process.kill()
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert json.loads((out / "run.json").read_text())["result"].startswith("interrupted")
    assert len(list((out / "frames").iterdir())) == 10


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--frames", "2"], "frames: found 2, expected at least 3"),
        (["--power", "3"], "power: found 3"),
        (["--init", "nowhere"], "nowhere: no such file or folder"),
        (["--metric", "elpips"], "'elpips' is unknown"),
        (["--device", "tpu"], "device 'tpu'"),
        (["--size", "4"], "--size 4 is too small"),
        (["--chunk", "0"], "chunk: found 0"),
        (["--steps", "-3"], "steps: found -3"),
        (["--evaluation-draws", "0"], "evaluation draws: found 0"),
        (["--rows", "3", "33"], "rows: found 33, expected 0 to 32"),
        (["--duration", "5"], "duration 5: expected 20"),
        (["--also", "lpips"], "also: found 'lpips'"),
        (["--residual-draws", "1"], "residual draws: found 1"),
        (["--halvings", "3"], "halvings: found 3"),
        (["--pixel-weight", "nan"], "pixel_weight: found nan"),
    ],
)
def test_bad_options_are_one_line_and_exit_2(
    pair, tmp_path: Path, capsys, arguments: list[str], message: str
) -> None:
    code = main(["geodesic", *pair, *FAST, *arguments, "--outdir", str(tmp_path / "out")])
    errors = capsys.readouterr().err.strip().splitlines()
    assert code == 2 and len(errors) == 1
    assert errors[0].startswith("elpips: error: ") and message in errors[0]


def test_bad_inputs_are_one_line_and_exit_2(pair, tmp_path: Path, capsys) -> None:
    other, broken = tmp_path / "other.png", tmp_path / "broken.png"
    Image.fromarray(np.zeros((20, 30, 3), np.uint8)).save(other)
    broken.write_bytes(Path(pair[0]).read_bytes()[:300])
    blocked = tmp_path / "file"
    blocked.write_text("")
    for arguments, message in (
        ([pair[0], str(other)], "--size"),
        ([pair[0], str(broken)], "broken.png"),
        ([pair[0], str(tmp_path / "missing.png")], "missing.png: no such file"),
        ([*pair, "--outdir", str(blocked / "below")], "file"),
    ):
        outdir = [] if "--outdir" in arguments else ["--outdir", str(tmp_path / "out")]
        assert main(["geodesic", *arguments, *FAST, *outdir]) == 2
        errors = capsys.readouterr().err.strip().splitlines()
        assert len(errors) == 1 and message in errors[0]


def test_frames_of_another_tool_can_be_where_it_starts(pair, tmp_path: Path) -> None:
    first = tmp_path / "first_run"
    assert main(["geodesic", *pair, *FAST, "--outdir", str(first)]) == 0
    second = ["--outdir", str(tmp_path / "second"), "--steps", "0"]
    for source in (first / "frames", first / "animation.gif"):
        assert main(["geodesic", *pair, *FAST, *second, "--init", str(source)]) == 0
        frames = [pixels(tmp_path / f"second/frames/000{i}.png").astype(int) for i in range(5)]
        assert all(frame.shape == (33, 41, 3) for frame in frames)


def test_defaults_are_the_apis() -> None:
    from inspect import signature

    from elpips.geometry import geodesic

    apis = signature(geodesic).parameters
    ours = signature(geodesic_command).parameters
    assert ours["frames"].default == apis["frames"].default
    for name, value in vars(PathOptions()).items():
        if name in apis:
            assert value == apis[name].default


@pytest.mark.weights
@pytest.mark.slow
def test_elpips_from_files_to_files(tmp_path: Path) -> None:
    from elpips.media.samples import read_sample
    from elpips.media.write import save_image

    paths = [tmp_path / "brick.png", tmp_path / "gravel.png"]
    for path, name in zip(paths, ("brick_left", "gravel_left"), strict=True):
        save_image(path, read_sample(name)[:, :40, :48])
    out = tmp_path / "out"
    steps = ["--frames", "4", "--steps", "140", "--evaluation-draws", "8"]
    assert main(["geodesic", *map(str, paths), *steps, "--outdir", str(out)]) == 0
    evaluation = json.loads((out / "run.json").read_text())["evaluation"]
    assert evaluation["advantage"] < 0 < evaluation["excess"]
    assert evaluation["also"]["metric"] == "lpips_alex"
