"""``elpips barycenter`` from files to files, with the L2 metric, whose answer is known."""

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
from elpips.scripts.commands import barycenter as module
from elpips.scripts.commands.barycenter import barycenter_command
from elpips.scripts.runs.barycenter import is_snapshot_step

FAST = ["--metric", "l2", "--steps", "30"]


@pytest.fixture
def pair(tmp_path: Path) -> list[str]:
    rng = np.random.default_rng(0)
    paths = [tmp_path / f"{name}.png" for name in ("first", "second")]
    for path in paths:
        Image.fromarray(rng.integers(0, 256, (17, 21, 3), dtype=np.uint8)).save(path)
    return [str(path) for path in paths]


def pixels(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path))


def test_writes_everything_it_promises(pair, tmp_path: Path, capsys) -> None:
    out = tmp_path / "out"
    assert main(["barycenter", *pair, *FAST, "--init", "noise", "--outdir", str(out)]) == 0
    for name in ("barycenter.png", "mean.png", "comparison.png", "objective.png", "checkpoint.pt"):
        assert (out / name).stat().st_size > 0
    assert sorted(path.name for path in (out / "inputs").iterdir()) == [
        "00_first.png",
        "01_second.png",
    ]
    steps = [int(path.stem) for path in sorted((out / "snapshots").iterdir())]
    assert steps == [1, 2, 3, 5, 7, 10, 20, 30]
    record = json.loads((out / "run.json").read_text())
    assert record["arguments"]["steps"] == 30 and record["seed"] == 0
    assert record["result"] == "step limit reached"
    assert {"python", "torch", "device"} <= record["environment"].keys()
    evaluation = record["evaluation"]
    for field in ("objective", "standard_error", "lower_bound", "excess", "draws"):
        assert isinstance(evaluation[field], (int, float))
    assert evaluation["baseline"]["objective"] == pytest.approx(evaluation["lower_bound"])
    table = capsys.readouterr().out
    assert "barycenter" in table and "pixel mean" in table and "run.json" in table
    # From noise, 30 steps do not reach the mean, and that is said.
    assert "NOTE: the result is above the pixel mean's objective" in table


def test_the_blend_is_the_l2_barycenter(pair, tmp_path: Path) -> None:
    assert main(["barycenter", *pair, *FAST, "--outdir", str(tmp_path / "out")]) == 0
    difference = pixels(tmp_path / "out/barycenter.png").astype(int) - pixels(
        tmp_path / "out/mean.png"
    )
    assert abs(difference).max() <= 1


def test_weights_shift_the_result(pair, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(["barycenter", *pair, *FAST, "--weights", "3", "1", "--outdir", str(out)]) == 0
    first, second = (pixels(Path(path)).astype(float) for path in pair)
    expected = 0.75 * first + 0.25 * second
    assert abs(pixels(out / "barycenter.png") - expected).max() <= 2


def test_resume_is_bit_identical(pair, tmp_path: Path) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    arguments = ["barycenter", *pair, "--metric", "l2", "--init", "noise"]
    assert main([*arguments, "--steps", "120", "--outdir", str(whole)]) == 0
    assert main([*arguments, "--steps", "70", "--outdir", str(parts)]) == 0
    assert main([*arguments, "--steps", "120", "--outdir", str(parts), "--resume"]) == 0
    assert (whole / "barycenter.png").read_bytes() == (parts / "barycenter.png").read_bytes()
    evaluations = [
        json.loads((folder / "run.json").read_text())["evaluation"] for folder in (whole, parts)
    ]
    assert evaluations[0] == evaluations[1]


def test_resuming_something_else_is_refused(pair, tmp_path: Path, capsys) -> None:
    out = str(tmp_path / "out")
    assert main(["barycenter", *pair, *FAST, "--outdir", out]) == 0
    assert main(["barycenter", *pair[::-1], *FAST, "--outdir", out, "--resume"]) == 2
    assert "the checkpoint was made with images" in capsys.readouterr().err
    empty = str(tmp_path / "empty")
    assert main(["barycenter", *pair, *FAST, "--outdir", empty, "--resume"]) == 2
    assert "no checkpoint there to resume from" in capsys.readouterr().err


def test_an_earlier_run_is_not_lost(pair, tmp_path: Path, capsys) -> None:
    out = tmp_path / "out"
    for _ in range(2):
        assert main(["barycenter", *pair, *FAST, "--outdir", str(out)]) == 0
    assert (out / "checkpoint.previous.pt").exists()
    assert "holds an earlier run" in capsys.readouterr().err


def test_interruption_leaves_image_record_and_checkpoint(pair, tmp_path: Path, monkeypatch) -> None:
    class Impatient(module.ProgressBar):
        def __call__(self, run) -> None:
            if run.step == 17:
                raise KeyboardInterrupt

    out = tmp_path / "out"
    arguments = ["barycenter", *pair, "--metric", "l2", "--init", "noise", "--steps", "60"]
    with monkeypatch.context() as patch:
        patch.setattr(module, "ProgressBar", Impatient)
        assert main([*arguments, "--outdir", str(out)]) == 130
    record = json.loads((out / "run.json").read_text())
    assert record["result"].startswith("interrupted") and record["steps"] == 17
    assert record["evaluation"]["objective"] > 0
    assert (out / "barycenter.png").exists()
    assert main([*arguments, "--outdir", str(out), "--resume"]) == 0
    assert main([*arguments, "--outdir", str(tmp_path / "whole")]) == 0
    assert (out / "barycenter.png").read_bytes() == (tmp_path / "whole/barycenter.png").read_bytes()


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")
def test_ctrl_c(pair, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "elpips", "barycenter", *pair, "--metric", "l2"]
    with subprocess.Popen(
        [*command, "--steps", "1000000", "--outdir", str(out)],
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
    record = json.loads((out / "run.json").read_text())
    assert record["result"].startswith("interrupted")
    assert (out / "barycenter.png").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--weights", "1"], "weights: found 1, expected 2"),
        (["--power", "3"], "power: found 3"),
        (["--init", "nowhere.png"], "nowhere.png: no such file"),
        (["--metric", "elpips"], "'elpips' is unknown"),
        (["--scale-levels", "3"], "no ensemble"),
        (["--device", "tpu"], "device 'tpu'"),
        (["--size", "4"], "--size 4 is too small"),
    ],
)
def test_bad_options_are_one_line_and_exit_2(
    pair, tmp_path: Path, capsys, arguments: list[str], message: str
) -> None:
    code = main(["barycenter", *pair, *FAST, *arguments, "--outdir", str(tmp_path / "out")])
    errors = capsys.readouterr().err.strip().splitlines()
    assert code == 2 and len(errors) == 1
    assert errors[0].startswith("elpips: error: ") and message in errors[0]


def test_bad_inputs_are_one_line_and_exit_2(pair, tmp_path: Path, capsys) -> None:
    other = tmp_path / "other.png"
    Image.fromarray(np.zeros((20, 30, 3), np.uint8)).save(other)
    blocked = tmp_path / "file"
    blocked.write_text("")
    cases = [
        ([pair[0]], "found 1 images"),
        ([pair[0], str(other)], "--size"),
        ([*pair, "--outdir", str(blocked / "below")], "file"),
    ]
    for arguments, message in cases:
        outdir = [] if "--outdir" in arguments else ["--outdir", str(tmp_path / "out")]
        assert main(["barycenter", *arguments, *FAST, *outdir]) == 2
        errors = capsys.readouterr().err.strip().splitlines()
        assert len(errors) == 1 and message in errors[0]


def test_snapshot_steps_are_log_spaced() -> None:
    steps = [step for step in range(1, 2001) if is_snapshot_step(step)]
    assert steps[:9] == [1, 2, 3, 5, 7, 10, 20, 30, 50] and steps[-2:] == [1000, 2000]


def test_defaults_are_the_apis() -> None:
    from inspect import signature

    from elpips.geometry import barycenter

    ours, apis = signature(barycenter_command).parameters, signature(barycenter).parameters
    for name in ours.keys() & apis.keys() - {"images"}:
        assert ours[name].default == apis[name].default
