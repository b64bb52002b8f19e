"""What is still to be done about a row, and what became of it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from elpips.scripts.parsing import parse
from elpips.scripts.runs.jobs import Job, make_jobs
from elpips.scripts.runs.manifest import Row
from elpips.scripts.runs.outcomes import Outcome, checkpoints, figures, plan, table


@pytest.fixture
def place(folder: Path, tmp_path: Path) -> Path:
    for path in folder.iterdir():
        os.utime(path, (1, 1))
    found = tmp_path / "row"
    found.mkdir()
    return found


def job(folder: Path, **options: Any) -> Job:
    columns = {"start": str(folder / "a.png"), "end": str(folder / "b.png"), **options}
    return make_jobs([Row("row 1", columns)], parse)[0]


def leave(place: Path, of: Job, *, result: str = "step limit reached", ended: bool = True) -> None:
    record = {
        "command": of.command,
        "arguments": of.arguments,
        "result": result,
        "evaluation": {"energy": 2.0, "excess": 0.1, "overlay": 0.5} if ended else None,
        "seconds": {"total": 3.0},
    }
    (place / "run.json").write_text(json.dumps(record))
    (place / "checkpoint.pt").touch()


def planned(place: Path, of: Job, last: dict[str, Any] | None = None) -> tuple[str, str]:
    found = plan(of, place, last or {})
    return found.what, found.why


def test_what_is_done_is_skipped_and_what_was_not_begun_is_begun(place: Path, folder: Path) -> None:
    row = job(folder, steps=5)
    assert planned(place, row) == ("begin", "")
    leave(place, row)
    assert planned(place, row)[0] == "skip"
    assert planned(place, job(folder, steps=5, device="cuda:7"))[0] == "skip"


def test_other_arguments_are_said(place: Path, folder: Path) -> None:
    leave(place, job(folder, steps=5))
    assert planned(place, job(folder, steps=5, seed=1)) == (
        "begin", "done again: seed was 0, is 1"
    )  # fmt: skip
    assert planned(place, job(folder, steps=4)) == ("begin", "done again: steps was 5, is 4")
    assert planned(place, job(folder, steps=9)) == (
        "resume", "goes on from its checkpoint: steps was 5, is 9"
    )  # fmt: skip
    assert planned(place, job(folder, steps=5, fps=12.0))[0] == "resume"


def test_a_changed_input_is_done_again(place: Path, folder: Path) -> None:
    row = job(folder)
    leave(place, row)
    os.utime(folder / "b.png", (4e9, 4e9))
    assert planned(place, row) == (
        "begin",
        f"done again: {folder / 'b.png'} is newer than the result",
    )


def test_so_are_changed_files_of_folders_masks_starts_and_metrics(
    place: Path, folder: Path, tmp_path: Path
) -> None:
    for name in ("mask.png", "start.gif", "own.safetensors", "clip/frames/0.png", "clip/report"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (1, 1))
    (tmp_path / "clip/run.json").touch()
    frames, clip = tmp_path / "clip/frames", str(tmp_path / "clip")
    os.utime(frames, (1, 1))
    named = {"mask": "mask.png", "init": "start.gif"}
    options = {key: str(tmp_path / name) for key, name in named.items()}
    own = f"lipsim={tmp_path / 'own.safetensors'}"
    path = job(folder, **options, metric=own)
    footage = make_jobs([Row("1", {"command": "interpolate", "start": clip})], parse)[0]
    for row, read, newer in (
        (path, tmp_path / "mask.png", tmp_path / "mask.png"),
        (path, tmp_path / "start.gif", tmp_path / "start.gif"),
        (path, tmp_path / "own.safetensors", tmp_path / "own.safetensors"),
        (footage, frames / "0.png", tmp_path / "clip"),
    ):
        leave(place, row)
        assert planned(place, row)[0] == "skip"
        os.utime(read, (4e9, 4e9))
        assert planned(place, row) == ("begin", f"done again: {newer} is newer than the result")
        os.utime(read, (1, 1))
    os.utime(tmp_path / "clip/report", (4e9, 4e9))
    assert planned(place, footage)[0] == "skip"


@pytest.mark.parametrize(
    ("left", "what"),
    [
        ({"result": "interrupted: this is the best point so far"}, "resume"),
        ({"ended": False}, "resume"),
        ({"result": "stopped: the objective or its gradient is not finite"}, "begin"),
    ],
)
def test_what_did_not_end_goes_on(place: Path, folder: Path, left: dict, what: str) -> None:
    leave(place, job(folder), **left)
    assert planned(place, job(folder))[0] == what
    (place / "checkpoint.pt").unlink()
    assert planned(place, job(folder))[0] == "begin"


def test_what_was_begun_last_has_the_checkpoint(place: Path, folder: Path) -> None:
    old, new = job(folder, steps=5), job(folder, steps=9, seed=1)
    leave(place, old)
    last = {"command": "geodesic", "arguments": new.arguments, "resumed": False, "failed": False}
    assert planned(place, new, last)[0] == "resume"
    assert planned(place, old, last)[0] == "skip"
    failed = {**last, "arguments": old.arguments, "failed": True}
    assert planned(place, old, failed)[0] == "resume"
    assert planned(place, old, {**failed, "resumed": True})[0] == "begin"


def test_checkpoints_of_runs_before_what_was_begun_last_are_not_its_own(
    place: Path, folder: Path
) -> None:
    old, new = job(folder, seed=1), job(folder)
    leave(place, old)
    last = {"command": "geodesic", "arguments": new.arguments, "stale": checkpoints(place)}
    assert planned(place, new, last) == ("begin", "done again: it had not ended")
    os.utime(place / "checkpoint.pt", (4, 4))
    assert planned(place, new, last)[0] == "resume"


def test_a_missing_input_is_the_rows_own_failure(place: Path, folder: Path) -> None:
    row = job(folder, end=str(folder / "none.png"))
    assert planned(place, row) == ("fail", f"{folder / 'none.png'}: no such file")


def test_footage_ends_when_it_says_so(place: Path, folder: Path) -> None:
    columns = {"command": "interpolate", "start": str(folder)}
    row, other, longer = (
        make_jobs([Row("1", {**columns, **each})], parse)[0]
        for each in ({"fps": 8.0, "steps": 5}, {"fps": 9.0}, {"fps": 8.0, "steps": 9})
    )
    os.utime(folder, (1, 1))
    record = {"command": "interpolate", "arguments": row.arguments, "interrupted": True}
    (place / "footage.json").touch()
    for interrupted, what in ((True, "resume"), (False, "skip")):
        (place / "run.json").write_text(json.dumps({**record, "interrupted": interrupted}))
        assert planned(place, row)[0] == what
    assert planned(place, other)[0] == "begin"
    assert planned(place, longer) == ("begin", "done again: steps was 5, is 9")


def test_figures_of_paths_morphs_and_what_has_none() -> None:
    one, two = {"energy": 1.0, "excess": 0.2, "overlay": 0.4}, {"energy": 3.0, "excess": None}
    assert figures({"evaluation": one}) == {"objective": 1.0, "excess": 0.2, "overlay": 0.4}
    assert figures({"evaluation": {"segments": [one, two]}})["objective"] == 2.0
    assert figures({"evaluation": {"objective": 5.0}}) == {"objective": 5.0}
    assert figures({"evaluation": None}) == figures({}) == {}


def test_the_table_has_a_line_on_what_went_wrong(place: Path, folder: Path) -> None:
    row = job(folder)
    leave(place, row)
    good = Outcome("good", "row 1", "geodesic", row.inputs, place, "done")
    good.read()
    bad = Outcome("bad", "row 2", "geodesic", row.inputs, place, "failed", "no such file")
    lines = table([good, bad]).split("\n")
    assert lines[1].split() == ["good", "geodesic", "done", "3.0", "2.00000", "10.0%", "0.50"]
    assert lines[-1] == "bad (row 2): no such file"
