"""``elpips barycenter`` from files to files, with the L2 metric, whose answer is known."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cut_outs import objects, rgba
from elpips.geometry import load_run
from elpips.metrics import InputError
from elpips.scripts.cli import main
from elpips.scripts.commands import barycenter
from interruption import interrupt
from mask_runs import check_mask

__all__ = ["objects"]

FAST = ["--metric", "l2", "--steps", "30"]


def pixels(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path))


def test_writes_everything_it_promises(pair, tmp_path: Path, capsys) -> None:
    out = tmp_path / "out"
    assert main(["barycenter", *pair, *FAST, "--init", "noise", "--outdir", str(out)]) == 0
    for name in ("barycenter.png", "mean.png", "comparison.png", "objective.png"):
        assert np.ptp(pixels(out / name)) > 100
    assert load_run(out / "checkpoint.pt").step == 30
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


def test_the_blend_is_the_l2_barycenter(pair, tmp_path: Path, capsys) -> None:
    assert main(["barycenter", *pair, *FAST, "--outdir", str(tmp_path / "out")]) == 0
    assert "NOTE: much of it is a double exposure: 100% of its detail" in capsys.readouterr().out
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


def test_a_reused_folder_has_the_files_of_one_run(pair, tmp_path: Path) -> None:
    out = ["--metric", "l2", "--outdir", str(tmp_path / "out")]
    (tmp_path / "out").mkdir()
    (tmp_path / "out/notes.txt").write_text("the user's")
    assert main(["barycenter", *pair, pair[0], "--steps", "3", *out]) == 0
    assert main(["barycenter", *pair[::-1], "--steps", "1", *out]) == 0
    for folder, names in (
        ("inputs", ["00_second.png", "01_first.png"]),
        ("snapshots", ["000001.png"]),
    ):
        assert sorted(path.name for path in (tmp_path / "out" / folder).iterdir()) == names
    assert (tmp_path / "out/notes.txt").exists()
    assert (tmp_path / "out/checkpoint.previous.pt").exists()


def test_a_result_that_cannot_be_written_costs_only_itself(
    pair, tmp_path: Path, monkeypatch, capsys
) -> None:
    def full(path: Path, *arguments: object, **options: object) -> None:
        raise InputError(f"{path}: cannot be written (No space left on device)")

    monkeypatch.setattr(barycenter, "save_comparison", full)
    out = tmp_path / "out"
    arguments = ["--metric", "l2", "--steps", "1", "--outdir", str(out)]
    assert main(["barycenter", *pair, *arguments]) == 1
    captured = capsys.readouterr()
    assert "comparison.png: cannot be written (No space left on device)" in captured.err
    assert "comparison.png" not in captured.out and (out / "objective.png").exists()


def test_resuming_something_else_is_refused(pair, tmp_path: Path, capsys) -> None:
    out = str(tmp_path / "out")
    assert main(["barycenter", *pair, *FAST, "--outdir", out]) == 0
    assert main(["barycenter", *pair[::-1], *FAST, "--outdir", out, "--resume"]) == 2
    assert "other images (in another order)" in capsys.readouterr().err
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
    out = tmp_path / "out"
    arguments = ["barycenter", *pair, "--metric", "l2", "--init", "noise", "--steps", "60"]
    with monkeypatch.context() as patch:
        interrupt(patch, lambda run: run.step == 17)
        assert main([*arguments, "--outdir", str(out)]) == 130
    record = json.loads((out / "run.json").read_text())
    assert record["result"].startswith("interrupted") and record["steps"] == 17
    assert record["evaluation"]["objective"] > 0
    assert (out / "barycenter.png").exists()
    assert main([*arguments, "--outdir", str(out), "--resume"]) == 0
    assert main([*arguments, "--outdir", str(tmp_path / "whole")]) == 0
    assert (out / "barycenter.png").read_bytes() == (tmp_path / "whole/barycenter.png").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--weights", "1"], "weights: found 1, expected 2"),
        (["--power", "3"], "power: found 3"),
        (["--init", "nowhere.png"], "nowhere.png: no such file"),
        (["--metric", "elpips"], "'elpips' is unknown"),
        (["--scale-levels", "3"], "no ensemble"),
        (["--device", "tpu"], "device 'tpu'"),
        (["--size", "4"], "size: found 4, expected an integer from 16"),
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


def test_what_a_mask_keeps_is_as_the_start_has_it(pair, tmp_path: Path, capsys) -> None:
    arguments = ["barycenter", *pair, *FAST[:2], "--init", "image"]
    check_mask(arguments, "barycenter.png", tmp_path, capsys)


def test_transparency_is_kept(objects, tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = ["barycenter", *objects, *FAST, "--alpha", "keep"]
    assert main([*arguments, "--outdir", str(out)]) == 0
    found = rgba(out / "barycenter.png")
    shares = [
        ((x[..., 3] > 12) & (x[..., 3] < 243)).mean() for x in (found, rgba(out / "mean.png"))
    ]
    # One outline, where the mean of pixels has both.
    assert 0 < 2 * shares[0] < shares[1]
    for index, path in enumerate(sorted((out / "inputs").iterdir())):
        assert np.array_equal(rgba(path), rgba(objects[index]))
    assert pixels(out / "comparison.png")[..., 3].min() == 255
    record = json.loads((out / "run.json").read_text())
    assert 0 < record["evaluation"]["high_band_ratio"] and (out / "report.html").exists()
    again = ["--init", str(out / "barycenter.png"), "--steps", "0"]
    assert main([*arguments, *again, "--outdir", str(tmp_path / "again")]) == 0
    assert np.array_equal(rgba(tmp_path / "again/barycenter.png"), found)
