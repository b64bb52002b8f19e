"""A run's folder: inputs as used, the checkpoint of an earlier run, the head of run.json."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import torch

from elpips.geometry import CheckpointError, barycenter, load_run
from elpips.media import read_image
from elpips.metrics import InputError
from elpips.optim import StopReason
from elpips.scripts.cli import main
from elpips.scripts.runs.folder import RunFolder, closing_line, exit_code, run_record

QUICK = ["--metric", "l2", "--steps", "2", "--evaluation-draws", "2"]
PATH = [*QUICK, "--also", "none", "--frames", "3", "--animations", "gif"]
IMAGES = torch.rand(2, 3, 17, 21, generator=torch.Generator().manual_seed(0))


def solved(run=None, steps: int = 3):
    return barycenter(IMAGES, metric="l2", init="noise", steps=steps, run=run)


def test_a_new_run_saves_its_inputs(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    assert folder.begin(["one", "two"], IMAGES) is None
    folder.establish()
    for index, name in enumerate(("00_one", "01_two")):
        image = read_image(tmp_path / "inputs" / f"{name}.png")
        torch.testing.assert_close(image, IMAGES[index], rtol=0, atol=0.5 / 255 + 1e-6)


def test_a_run_goes_on_when_asked_to_or_where_there_is_one(tmp_path: Path, caplog) -> None:
    folder = RunFolder(tmp_path)
    with pytest.raises(CheckpointError, match="no checkpoint"):
        folder.begin(["one", "two"], IMAGES, resume=True)
    folder.save(solved().solution.state)
    for resume in (True, None):
        run = folder.begin(["one", "two"], IMAGES, resume=resume)
        assert run is not None and run.step == 3
        assert torch.equal(solved(run, 8).image, solved(steps=8).image)
    with caplog.at_level(logging.WARNING, "elpips"):
        assert folder.begin(["one", "two"], IMAGES, resume=False) is None
        assert folder.checkpoint.exists() and len(list(tmp_path.iterdir())) == 1
        folder.establish()
        folder.establish()
    assert "holds an earlier run" in caplog.text
    assert (tmp_path / "checkpoint.previous.pt").exists() and not folder.checkpoint.exists()


def test_the_callback_saves_every_fifty_steps(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    barycenter(IMAGES, metric="l2", steps=120, callbacks=[folder.callback()])
    run = folder.begin([], IMAGES, resume=True)
    assert run is not None and run.step == 100


@pytest.mark.parametrize("steps", [0, 1])
def test_a_run_is_established_with_its_first_step_or_its_end(tmp_path: Path, steps: int) -> None:
    folder = RunFolder(tmp_path)
    folder.save(solved().solution.state)
    folder.begin(["one", "two"], IMAGES, resume=False)
    found = barycenter(IMAGES, metric="l2", steps=steps, callbacks=[folder.callback()])
    assert folder.previous.exists() == bool(steps)
    folder.save(found.solution.state)
    assert load_run(folder.previous).step == 3 and load_run(folder.checkpoint).step == steps
    assert len(list((tmp_path / "inputs").iterdir())) == 2


@pytest.mark.parametrize(
    ("command", "options", "refused", "said"),
    [
        ("geodesic", PATH, ["--frames", "2"], "frames: found 2"),
        ("morph", PATH, ["--frames", "2"], "frames: found 2"),
        ("barycenter", QUICK, ["--weights", "0", "0"], "weights"),
    ],
)
def test_what_is_refused_leaves_an_earlier_run_as_it_was(
    pair, tmp_path: Path, capsys, command: str, options: list[str], refused, said: str
) -> None:
    out = tmp_path / "out"
    arguments = [command, *pair, *options, "--outdir", str(out)]
    assert main(arguments) == 0
    before = _contents(out)
    capsys.readouterr()
    assert main([*arguments, *refused]) == 2
    errors = capsys.readouterr().err
    assert said in errors and "checkpoint" not in errors
    assert _contents(out) == before
    assert main([*arguments, "--resume"]) == 0


def _contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_only_an_earlier_runs_checkpoint_is_named(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.save(solved().solution.state)
    folder.begin(["one", "two"], IMAGES, resume=False)
    folder.establish()
    for damage in (False, True):
        if damage:
            folder.checkpoint.write_bytes(folder.previous.read_bytes()[:-1])
        with pytest.raises(CheckpointError, match=r"checkpoint\.previous\.pt there is an earlier"):
            folder.begin(["one", "two"], IMAGES, resume=True)
    folder.previous.replace(folder.checkpoint)
    run = folder.begin(["one", "two"], IMAGES, resume=True)
    assert run is not None and run.step == 3


@pytest.mark.parametrize("name", ["checkpoint.pt", "checkpoint.previous.pt"])
def test_checkpoints_of_the_users_are_not_touched(tmp_path: Path, name: str) -> None:
    folder = RunFolder(tmp_path)
    torch.save({"model": torch.ones(3)}, tmp_path / name)
    before = (tmp_path / name).read_bytes()
    with pytest.raises(InputError, match=rf"{name}: is no checkpoint of ours"):
        folder.begin(["one", "two"], IMAGES, resume=False)
    assert (tmp_path / name).read_bytes() == before and len(list(tmp_path.iterdir())) == 1


def test_long_names_are_cut(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.begin(["a" * 250, "ä" * 120], IMAGES)
    folder.establish()
    names = sorted(path.name for path in (tmp_path / "inputs").iterdir())
    assert names == [f"00_{'a' * 200}.png", f"01_{'ä' * 100}.png"]


def test_exit_codes() -> None:
    assert exit_code(StopReason.INTERRUPTED) == 130
    assert exit_code(StopReason.NOT_FINITE) == 1
    assert exit_code(StopReason.STEP_LIMIT) == exit_code(StopReason.CONVERGED) == 0


def test_the_record_says_what_ran_and_how_it_ended() -> None:
    found = solved()
    record = run_record("barycenter", {"steps": 3}, found)
    assert record["size"] == [17, 21] and record["steps"] == 3 and record["draws"] == 3
    assert record["result"] == "step limit reached" and record["seed"] == 0
    assert closing_line(found).startswith("step limit reached (best at step ")
