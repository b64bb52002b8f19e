"""Checkpoints are written whole or not at all, wherever the disk is full."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from elpips.geometry import load_run, save_run
from elpips.metrics import InputError
from elpips.optim import PaperAdam, PreconditionedAdam, RunState, Scaling, SolverState, start
from toy_problems import MIDDLE, quadratic, solve


def run_of(solver=None, problem=quadratic, steps: int = 5) -> RunState:
    solver = solver or PaperAdam()
    return solve(problem(), solver, steps, start(problem(), solver, MIDDLE, 3)).state


class TestWriting:
    def test_whole_or_not_at_all(self, tmp_path: Path, monkeypatch) -> None:
        path = tmp_path / "run.pt"
        save_run(path, run_of())
        before = path.read_bytes()

        def fail(content, target) -> None:
            target.write(b"half")
            raise OSError("disk full")

        with monkeypatch.context() as patch:
            patch.setattr(torch, "save", fail)
            with pytest.raises(InputError, match=r"cannot be written \(disk full\)") as caught:
                save_run(path, run_of(steps=7))
        assert str(caught.value).startswith(str(path)) and "\n" not in str(caught.value)
        assert path.read_bytes() == before
        assert list(tmp_path.iterdir()) == [path]

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
    @pytest.mark.skipif(os.name != "posix", reason="limits of POSIX systems")
    @pytest.mark.parametrize("limit", [0, 10, 100, 2000, 5000])
    def test_wherever_the_disk_is_full_it_is_one_line(self, tmp_path: Path, limit: int) -> None:
        import resource

        run = run_of(PreconditionedAdam(Scaling(0.3)))
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
        try:
            with pytest.raises(InputError, match=r"cannot be written \(File too large\)") as caught:
                save_run(tmp_path / "run.pt", run)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
            signal.signal(signal.SIGXFSZ, handler)
        assert "\n" not in str(caught.value) and list(tmp_path.iterdir()) == []

    def test_ctrl_c_leaves_the_earlier_one(self, tmp_path: Path, monkeypatch) -> None:
        path = tmp_path / "run.pt"
        save_run(path, run_of())

        def interrupted(content, target) -> None:
            target.write(b"half")
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(torch, "save", interrupted)
            with pytest.raises(KeyboardInterrupt):
                save_run(path, run_of(steps=7))
        assert load_run(path).step == 5 and list(tmp_path.iterdir()) == [path]

    def test_without_a_folder(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="cannot be written") as caught:
            save_run(tmp_path / "none" / "run.pt", run_of())
        assert "\n" not in str(caught.value)

    def test_a_state_that_no_file_can_hold_is_refused_when_it_is_written(
        self, tmp_path: Path
    ) -> None:
        class Alien(SolverState):
            """Of a solver that files do not know."""

        class AdamState(SolverState):
            """Another one of a known name."""

        for solver in (Alien(5), AdamState(5)):
            with pytest.raises(TypeError, match=f"files hold no {type(solver).__name__}"):
                save_run(tmp_path / "run.pt", replace(run_of(), solver=solver))
        assert list(tmp_path.iterdir()) == []
