"""Runs on disk: every solver's, bit by bit, and files that are none."""

from __future__ import annotations

import hashlib
import io
import logging
import zipfile
from dataclasses import fields, replace
from pathlib import Path

import pytest
import torch

from elpips.geometry import CheckpointError, checkpoints, load_run, save_run
from elpips.geometry.checkpoint import MAGIC, is_checkpoint
from elpips.metrics import InputError
from elpips.optim import PaperAdam, RunState, start
from toy_problems import MIDDLE, SOLVERS, quadratic, same, solve

IDENTITY = {"problem": "quadratic", "seed": 3, "levels": [[2, 17], [4, 17]], "subset": None}


def run_of(solver=None, problem=quadratic, steps: int = 5) -> RunState:
    solver = solver or PaperAdam()
    return solve(problem(), solver, steps, start(problem(), solver, MIDDLE, 3, IDENTITY)).state


@pytest.mark.parametrize(("problem", "solver"), SOLVERS)
@pytest.mark.parametrize("steps", [0, 1, 23])
def test_every_solvers_run_comes_back_as_it_was(problem, solver, steps, tmp_path: Path) -> None:
    run = run_of(solver, problem, steps)
    save_run(tmp_path / "run.pt", run)
    loaded = load_run(tmp_path / "run.pt")
    for field in fields(RunState):
        if field.name != "history":
            assert same(getattr(loaded, field.name), getattr(run, field.name)), field.name
    assert list(loaded.history) == list(run.history)
    for record in loaded.history:
        assert [type(value) for value in vars(record).values()] == [int, int, float, float, float]


@pytest.mark.parametrize(("problem", "solver"), SOLVERS)
@pytest.mark.parametrize("stops", [(23,), (1, 2), (10, 30)])
def test_every_solver_goes_on_bit_by_bit(problem, solver, stops, tmp_path: Path) -> None:
    whole = run_of(solver, problem, 47)
    run = start(problem(), solver, MIDDLE, 3, IDENTITY)
    for steps in (*stops, 47):
        save_run(tmp_path / "run.pt", run)
        run = solve(problem(), solver, steps, load_run(tmp_path / "run.pt")).state
    assert same(run.x, whole.x) and same(run.solver, whole.solver)
    assert same(run.candidate, whole.candidate) and same(run.best, whole.best)
    assert same(run.generator, whole.generator) and run.evaluations == whole.evaluations
    assert (run.best_value, run.best_step) == (whole.best_value, whole.best_step)
    assert [replace(each, seconds=0) for each in run.history] == [
        replace(each, seconds=0) for each in whole.history
    ]
    assert run.identity == IDENTITY


def test_numbers_that_are_not_finite_come_back(tmp_path: Path) -> None:
    run = replace(run_of(), best_value=float("inf"), evaluations=((0, float("inf")),))
    save_run(tmp_path / "run.pt", run)
    loaded = load_run(tmp_path / "run.pt")
    assert loaded.best_value == float("inf") and loaded.evaluations == run.evaluations


def test_a_callback_saves_early_and_every_50_steps(tmp_path: Path) -> None:
    path = tmp_path / "run.pt"
    saved = []

    def watch(run: RunState) -> None:
        saved.append((run.step, load_run(path).step))

    solve(quadratic(), PaperAdam(), 120, callbacks=[checkpoints(path), watch])
    steps = dict(saved)
    assert (steps[1], steps[49], steps[50], steps[99], steps[120]) == (1, 1, 50, 50, 100)


def test_a_callback_saves_by_time_too(tmp_path: Path) -> None:
    saved = []

    def watch(run: RunState) -> None:
        saved.append(load_run(tmp_path / "run.pt").step)

    save = checkpoints(tmp_path / "run.pt", seconds=0)
    solve(quadratic(), PaperAdam(), 4, callbacks=[save, watch])
    assert saved == [1, 2, 3, 4]


def test_a_checkpoint_that_cannot_be_written_is_a_warning(tmp_path: Path, caplog) -> None:
    save = checkpoints(tmp_path / "none" / "run.pt")
    with caplog.at_level(logging.WARNING, "elpips"):
        assert solve(quadratic(), PaperAdam(), 60, callbacks=[save]).state.step == 60
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 2 and "the run goes on without this checkpoint" in lines[0]


@pytest.mark.parametrize("place", [0, 5, 40, 90, 200, 1000, 0.3, 0.5, 0.7, -200, -1])
@pytest.mark.parametrize("bit", [0, 6])
def test_a_bit_that_flips_is_found(tmp_path: Path, place, bit: int) -> None:
    path = tmp_path / "run.pt"
    save_run(path, run_of())
    data = bytearray(path.read_bytes())
    data[int(place * len(data)) if isinstance(place, float) else place] ^= 1 << bit
    path.write_bytes(data)
    with pytest.raises(CheckpointError, match="damaged") as caught:
        load_run(path)
    assert "\n" not in str(caught.value)


def test_checkpoints_are_known_by_their_beginning(tmp_path: Path) -> None:
    path = tmp_path / "run.pt"
    assert not is_checkpoint(path) and not is_checkpoint(tmp_path)
    save_run(path, run_of())
    assert is_checkpoint(path)
    path.write_bytes(path.read_bytes()[:100])
    assert is_checkpoint(path)
    torch.save({"model": torch.ones(3)}, path)
    assert not is_checkpoint(path)


def sealed(content) -> bytes:
    """Return the file of a checkpoint that holds something, with its digest."""
    stream = io.BytesIO()
    torch.save(content, stream)
    return (
        MAGIC + hashlib.sha256(stream.getvalue()).hexdigest().encode() + b"\n" + stream.getvalue()
    )


class TestUnreadable:
    def saved(self, folder: Path, **changes) -> Path:
        """Save a run, then change what the file holds."""
        path = folder / "run.pt"
        save_run(path, run_of())
        content = torch.load(io.BytesIO(path.read_bytes()[len(MAGIC) + 65 :]), weights_only=True)
        content.update({name: value for name, value in changes.items() if value is not ...})
        for name in [name for name, value in changes.items() if value is ...]:
            del content[name]
        path.write_bytes(sealed(content))
        return path

    def refused(self, path: Path, message: str = "not a readable checkpoint") -> str:
        with pytest.raises(CheckpointError, match=message) as caught:
            load_run(path)
        text = str(caught.value)
        assert (
            text.startswith(f"{path}: ")
            and "\n" not in text
            and isinstance(caught.value, InputError)
        )
        return text

    def test_unchanged_it_is_readable(self, tmp_path: Path) -> None:
        assert load_run(self.saved(tmp_path)).step == 5

    def test_missing(self, tmp_path: Path) -> None:
        self.refused(tmp_path / "run.pt", "no checkpoint")

    @pytest.mark.parametrize("kept", [0, 1, 100, 1000, 0.5, 0.9, -20, -1])
    def test_truncated(self, tmp_path: Path, kept) -> None:
        path = self.saved(tmp_path)
        data = path.read_bytes()
        path.write_bytes(data[: int(kept * len(data)) if isinstance(kept, float) else kept])
        self.refused(path)

    @pytest.mark.parametrize(
        "data",
        [
            b"not a checkpoint\n",
            b"\x89PNG\r\n\x1a\n" + bytes(64),
            bytes(range(256)) * 8,
            b"{}",
            b"\x80\x02}q\x00.",
            "späße".encode("latin-1"),
        ],
        ids=["text", "picture", "bytes", "json", "pickle", "latin"],
    )
    def test_alien(self, tmp_path: Path, data: bytes) -> None:
        path = tmp_path / "run.pt"
        path.write_bytes(data)
        self.refused(path)

    def test_an_archive_of_something_else(self, tmp_path: Path) -> None:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr("hello.txt", "hello")
        (tmp_path / "run.pt").write_bytes(stream.getvalue())
        self.refused(tmp_path / "run.pt")

    def test_a_folder(self, tmp_path: Path) -> None:
        self.refused(tmp_path)

    @pytest.mark.parametrize(
        "content",
        [
            [1, 2],
            {"a": 1},
            {},
            None,
            3.5,
            "text",
            torch.ones(3),
            {"solver": {"kind": "AdamState"}},
        ],
        ids=str,
    )
    def test_tensors_of_something_else(self, tmp_path: Path, content) -> None:
        torch.save(content, tmp_path / "run.pt")
        self.refused(tmp_path / "run.pt")
        (tmp_path / "run.pt").write_bytes(sealed(content))
        self.refused(tmp_path / "run.pt")

    def test_code_is_not_run(self, tmp_path: Path) -> None:
        (tmp_path / "run.pt").write_bytes(sealed({"x": Path("somewhere")}))
        message = self.refused(tmp_path / "run.pt")
        assert "weights_only" not in message and "unsafe" not in message

    @pytest.mark.parametrize("kind", ["Adam", "RunState", "SolverState", "", 3])
    def test_a_solvers_state_of_unknown_kind(self, tmp_path: Path, kind) -> None:
        solver = {"kind": kind, "step": 5, "mean": MIDDLE, "square": MIDDLE}
        assert repr(kind) in self.refused(self.saved(tmp_path, solver=solver))

    @pytest.mark.parametrize(
        "solver",
        [
            {"step": 5, "mean": MIDDLE, "square": MIDDLE},
            {"kind": "AdamState", "step": 5, "mean": MIDDLE},
            {"kind": "AdamState", "step": 5, "mean": MIDDLE, "square": MIDDLE, "cube": MIDDLE},
            {"kind": "RunningAverage", "value": MIDDLE, "mass": 1.0},
            MIDDLE,
            5,
        ],
        ids=["no kind", "too little", "too much", "an average", "a tensor", "a number"],
    )
    def test_a_solvers_state_that_is_none(self, tmp_path: Path, solver) -> None:
        self.refused(self.saved(tmp_path, solver=solver))

    @pytest.mark.parametrize(
        "changes",
        [
            {"x": ...},
            {"history": ...},
            {"identity": ...},
            {"surplus": 1},
            {"history": torch.zeros(2, 4)},
            {"history": [1, 2]},
            {"evaluations": [1, 2]},
            {"generator": 5},
            {"x": MIDDLE * float("nan")},
            {"step": 7},
            {"evaluations": {}},
            {"history": torch.full((5, 5), float("nan"), dtype=torch.float64)},
        ],
        ids=str,
    )
    def test_contents_of_another_version(self, tmp_path: Path, changes) -> None:
        self.refused(self.saved(tmp_path, **changes))
