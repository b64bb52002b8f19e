"""Each result is written by itself."""

from __future__ import annotations

import errno
import logging
from pathlib import Path

import pytest

from elpips.metrics import InputError
from elpips.metrics.claims import command_scope
from elpips.optim import StopReason
from elpips.scripts.runs.files import prepare_outdir, write_json
from elpips.scripts.runs.results import Results


def failing(error: BaseException):
    def write(path: Path) -> None:
        raise error

    return write


def test_a_failure_costs_only_itself(tmp_path: Path, caplog) -> None:
    results = Results(tmp_path)
    for error in (
        InputError(f"{tmp_path / 'b.png'}: cannot be written (No space left on device)"),
        OSError(errno.ENOSPC, "No space left on device"),
        RuntimeError("two\nlines"),
        AssertionError(),
    ):
        with caplog.at_level(logging.WARNING, "elpips"):
            results.write("b.png", failing(error))
    results.write("a.txt", lambda path: path.write_text("a"))
    lines = [record.getMessage() for record in caplog.records]
    assert lines[0] == f"{tmp_path / 'b.png'}: cannot be written (No space left on device)"
    assert lines[2] == f"{tmp_path / 'b.png'}: not written (two lines)"
    assert lines[3] == f"{tmp_path / 'b.png'}: not written (AssertionError)"
    assert all(line.startswith(f"{tmp_path / 'b.png'}: ") for line in lines)
    assert results.written == ["a.txt"] and (tmp_path / "a.txt").read_text() == "a"
    assert results.paths(["b.png", "a.txt"]) == [tmp_path / "a.txt"]


def test_what_a_resumed_run_did_not_renew_goes_but_what_it_lost(tmp_path: Path) -> None:
    names = ["a.png", "b.png", "frames/0.png", "inputs/0.png"]
    with command_scope():
        folder = prepare_outdir(tmp_path, resume=False)
        for each in names:
            (folder / each).parent.mkdir(exist_ok=True)
            write_json(folder / each, {})
    with command_scope():
        results = Results(prepare_outdir(tmp_path, resume=True))
        results.write("b.png", failing(OSError()))
        results.remove_earlier(["a.png", "b.png", "frames/"])
    left = {each.relative_to(tmp_path).as_posix() for each in tmp_path.rglob("*.png")}
    assert left == {"b.png", "inputs/0.png"}


def test_something_lost_is_an_exit_code(tmp_path: Path) -> None:
    results = Results(tmp_path)
    assert results.exit_code(StopReason.STEP_LIMIT) == 0
    assert results.exit_code(StopReason.INTERRUPTED) == 130
    results.write("a.png", failing(OSError()))
    assert results.exit_code(StopReason.STEP_LIMIT) == 1
    assert results.exit_code(StopReason.INTERRUPTED) == 130


def test_ctrl_c_while_results_are_written_says_how_to_get_the_rest(tmp_path: Path, caplog) -> None:
    results = Results(tmp_path)
    with caplog.at_level(logging.WARNING, "elpips"), pytest.raises(KeyboardInterrupt):
        results.write("a.png", failing(KeyboardInterrupt()))
    assert "a.png and what comes after it are not written; --resume writes them" in caplog.text
    with pytest.raises(KeyboardInterrupt):
        results.compute(lambda: failing(KeyboardInterrupt())(tmp_path))
    assert results.compute(lambda: 3) == 3
