"""``elpips geodesic`` and its kin from files to files, with the L2 metric, which is exact."""

from __future__ import annotations

import json
from inspect import signature
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from elpips.geometry import DEFAULT_FRAMES, GeodesicOptions, geodesic, load_run
from elpips.media import read_flow
from elpips.scripts.cli import main
from elpips.scripts.runs.path_setup import PathSetup
from interruption import interrupt
from mask_runs import check_mask

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
    "overlay",
    "overlay_by_chance",
    "motion",
    "motion_by_chance",
)


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


@pytest.mark.parametrize("command", ["geodesic", "interpolate"])
def test_writes_everything_it_promises(command: str, pair, tmp_path: Path, capsys) -> None:
    out = tmp_path / "out"
    assert main([command, *pair, *FAST, "--init", "blend", "--outdir", str(out)]) == 0
    names = ("animation.gif", "animation.mp4", "filmstrip.png", "scanline.png", "steps.png")
    assert all((out / name).exists() for name in names)
    assert load_run(out / "checkpoint.pt").step == 30
    with Image.open(out / "animation.gif") as gif:
        assert gif.size == (41, 33) and gif.n_frames == 8
    for name in names[2:]:
        assert np.ptp(pixels(out / name)) > 100
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


def test_the_users_own_frames_are_not_touched(pair, tmp_path: Path, capsys) -> None:
    own = tmp_path / "frames"
    own.mkdir()
    ends = [own / "0000.png", own / "0001.png"]
    for path, end in zip(pair, ends, strict=True):
        end.write_bytes(Path(path).read_bytes())
    before = [end.read_bytes() for end in ends]
    for inputs, message in ((map(str, ends), "is where the results go"), (pair, "holds 0000.png")):
        assert main(["geodesic", *inputs, *FAST, "--outdir", str(tmp_path)]) == 2
        assert message in capsys.readouterr().err
    assert [end.read_bytes() for end in ends] == before and len(list(own.iterdir())) == 2


def test_a_run_without_motion_leaves_none_of_an_earlier_one(pair, tmp_path: Path) -> None:
    out = ["--outdir", str(tmp_path / "out"), "--frames", "3", "--steps", "1"]
    assert main(["geodesic", "--motion", *pair, *FAST, *out]) == 0
    assert (tmp_path / "out/flow").exists()
    assert main(["geodesic", *pair, *FAST, *out]) == 0
    assert not (tmp_path / "out/flow").exists() and not (tmp_path / "out/motion.png").exists()


def test_a_resumed_run_leaves_no_animation_that_it_did_not_write(pair, tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = ["geodesic", *pair, *FAST[:6], "--outdir", str(out), "--steps"]
    assert main([*arguments, "1", "--motion", "1", "--animations", "gif", "webp"]) == 0
    kept = {path.name for path in (out / "inputs").iterdir()}
    more = ["--motion", "1", "--animations", "apng", "--frame-format", "tiff", "--resume"]
    assert main([*arguments, "2", *more]) == 0
    assert [path.name for path in out.glob("animation.*")] == ["animation.apng"]
    assert {path.suffix for path in (out / "frames").iterdir()} == {".tif"}
    assert {path.name for path in (out / "inputs").iterdir()} == kept
    assert (out / "motion.png").exists() and (out / "checkpoint.pt").exists()


def test_more_frames_than_the_memory_holds_are_refused(pair, tmp_path: Path, capsys) -> None:
    arguments = ["--frames", "900000000", "--outdir", str(tmp_path / "out")]
    assert main(["geodesic", *pair, *FAST, *arguments]) == 2
    assert "fewer --frames or a smaller --size need less" in capsys.readouterr().err


@pytest.mark.parametrize("motion", [[], ["8"]])
def test_moving_objects_leave_their_motion(motion, pair, tmp_path: Path, capsys) -> None:
    out = tmp_path / "out"
    assert main(["geodesic", "--motion", *motion, *pair, *FAST, "--outdir", str(out)]) == 0
    flows = sorted(path.name for path in (out / "flow").iterdir())
    assert flows == [f"{index:04d}.flo" for index in range(4)]
    assert read_flow(out / "flow/0002.flo").shape == (2, 33, 41)
    assert np.ptp(pixels(out / "motion.png")) > 100
    record = json.loads((out / "run.json").read_text())
    assert record["arguments"]["motion"] == float(*motion or [1])
    moving = record["evaluation"]["moving"]
    assert moving["displacement"] > 0 and moving["energy"] > 0
    told = capsys.readouterr().out
    assert "with motion for free" in told and str(out / "flow") in told


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
    before = (tmp_path / "out/inputs/00_first.png").read_bytes()
    assert main(["geodesic", *pair[::-1], *FAST, *out, "--resume"]) == 2
    assert "other images (in another order)" in capsys.readouterr().err
    assert main(["geodesic", *pair, *FAST, "--frames", "6", *out, "--resume"]) == 2
    assert "was made with --frames 5, not 6" in capsys.readouterr().err
    assert (tmp_path / "out/inputs/00_first.png").read_bytes() == before


def test_interruption_leaves_frames_record_and_checkpoint(
    pair, tmp_path: Path, monkeypatch
) -> None:
    out = tmp_path / "out"
    arguments = ["geodesic", *pair, "--metric", "l2", "--also", "none", "--init", "noise"]
    arguments += ["--steps", "110"]
    with monkeypatch.context() as patch:
        interrupt(patch, lambda run: run.step == 77)
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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--frames", "2"], "frames: found 2, expected at least 3"),
        (["--power", "3"], "power: found 3"),
        (["--init", "nowhere"], "nowhere: no such file or folder"),
        (["--metric", "elpips"], "'elpips' is unknown"),
        (["--device", "tpu"], "device 'tpu'"),
        (["--size", "4"], "size: found 4, expected an integer from 16"),
        (["--chunk", "0"], "chunk: found 0"),
        (["--steps", "-3"], "steps: found -3"),
        (["--evaluation-draws", "0"], "evaluation_draws: found 0"),
        (["--rows", "3", "33"], "rows: found 33, expected 0 to 32"),
        (["--duration", "0"], "duration 0: expected 1"),
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


def test_defaults_are_the_librarys() -> None:
    setup = PathSetup()
    parameters = signature(geodesic).parameters
    assert setup.frames == parameters["frames"].default == DEFAULT_FRAMES
    assert setup.init == parameters["init"].default
    assert setup.metric.metric == parameters["metric"].default
    assert setup.solver == GeodesicOptions()


def test_what_a_mask_keeps_is_as_the_start_has_it(pair, tmp_path: Path, capsys) -> None:
    arguments = ["geodesic", *pair, *FAST[:6], "--init", "nearest"]
    check_mask(arguments, "frames/0002.png", tmp_path, capsys)
