"""Processes some at a time, and their end."""

from __future__ import annotations

import signal
import sys
import time

import pytest

from elpips.scripts.runs import hosting
from elpips.scripts.runs.hosting import Place
from elpips.scripts.runs.processes import STOPPED, Process, run_processes

SCRIPT = """
import os, signal, sys, time
what = sys.argv[1]
if what == "wait":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    print("10%|#", end="\\r", flush=True); print(" 40%|####", end="\\r", flush=True)
    time.sleep(60)
if what == "die":
    os.kill(os.getpid(), signal.SIGKILL)
print("told", what, os.environ.get("OMP_NUM_THREADS"))
sys.exit(3 if what == "fail" else 0)
"""


@pytest.fixture(autouse=True)
def program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosting, "PROGRAM", (sys.executable, "-c", SCRIPT))


def test_tasks_run_on_free_devices_and_go_on_after_a_failure() -> None:
    ended: list[Process[str]] = []
    most: list[int] = []
    began: list[tuple[str, str]] = []
    here = [Place(0, "left"), Place(0, "right")]

    def begin(task: str, place: Place) -> list[str] | None:
        began.append((task, place.device))
        return None if task == "nothing" else [task]

    assert not run_processes(
        ["one", "nothing", "fail", "die", "two"],
        here,
        begin,
        ended.append,
        threads=5,
        look=lambda running: most.append(len(running)),
    )
    assert {each.task: each.code for each in ended} == {"one": 0, "fail": 3, "die": -9, "two": 0}
    assert began[:3] == [("one", "left"), ("nothing", "right"), ("fail", "right")]
    assert max(most) <= 2 and not STOPPED & {0, 3, -9}


def test_output_threads_and_progress() -> None:
    said: list[str] = []
    run_processes(["a"], [Place()], lambda task, _: [task], lambda each: said.append(each.said))
    run_processes(
        ["b"], [Place()], lambda task, _: [task], lambda each: said.append(each.said), threads=3
    )
    assert said[0].startswith("told a") and said[1] == "told b 3\n"


def test_ctrl_c_ends_all_and_waits_for_them() -> None:
    ended: list[tuple[int | None, str]] = []
    parts: list[int | None] = []
    began = time.monotonic()

    def look(running: list[Process[str]]) -> None:
        parts[:] = [each.percent for each in running]
        if parts == [40, 40] or time.monotonic() - began > 30:
            raise KeyboardInterrupt

    assert run_processes(
        ["wait", "wait", "wait"],
        [Place(), Place()],
        lambda task, _: [task],
        lambda each: ended.append((each.code, each.said.strip())),
        look=look,
    )
    assert parts == [40, 40] and ended == [(143, "40%|####")] * 2
    assert {143, -signal.SIGTERM} <= STOPPED


def test_other_errors_leave_no_process_behind() -> None:
    running: list[Process[str]] = []

    def look(found: list[Process[str]]) -> None:
        running.extend(found)
        raise ValueError

    with pytest.raises(ValueError):
        run_processes(["wait"], [Place()], lambda task, _: [task], print, look=look)
    assert running[0]._signal == signal.SIGTERM and not hosting._here
