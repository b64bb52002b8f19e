"""Processes beside this one; those beside ranks are tested with the ranks."""

from __future__ import annotations

import os
import signal
import sys
import time

import pytest

from elpips.scripts.runs import hosting
from elpips.scripts.runs.hosting import Place, Send, Start, State, hosted, known_ranks, places

SCRIPT = """
import os, sys, time
print("part  5%|\\r", end="", flush=True)
if sys.argv[1:]:
    time.sleep(60)
print(sorted({"RANK", "WORLD_SIZE", "MASTER_PORT"} & set(os.environ)))
"""


@pytest.fixture(autouse=True)
def program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosting, "PROGRAM", (sys.executable, "-c", SCRIPT))


def states_until(wanted) -> list[State]:
    began = time.monotonic()
    while not wanted(found := hosted([])):
        assert time.monotonic() - began < 30
        time.sleep(0.02)
    return found


def test_a_process_is_told_of_until_it_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert hosted([Start(0, 7, ())])[0].number == 7
    (last,) = states_until(lambda found: found[0].code is not None)
    assert last == State(7, 0, None, "[]\n")
    assert hosted([]) == [] and not hosting._here


def test_signals_reach_a_process_and_what_is_unknown_has_ended() -> None:
    hosted([Start(0, 1, ("wait",)), Start(1, 2, ())])
    states_until(lambda found: found[0].percent == 5)
    output = hosting._here[1].output
    hosted([Send(0, 1, signal.SIGTERM)])
    (last,) = states_until(lambda found: found[0].code is not None)
    assert last.code == -signal.SIGTERM and not output.exists()
    assert hosted([Send(0, 2, signal.SIGTERM)]) == [State(2, -signal.SIGTERM)]


def test_what_cannot_be_started_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosting, "PROGRAM", (os.path.join(os.sep, "none"),))
    (state,) = hosted([Start(0, 1, ())])
    assert state.code == 2 and state.said.startswith("elpips: error: ") and "none" in state.said


def test_those_that_run_are_ended_with_this_process() -> None:
    hosted([Start(0, 1, ("wait",))])
    process = hosting._here[1].process
    hosting._leave_none()
    assert process.wait(30) == -signal.SIGTERM
    hosting._here.clear()


def test_places_take_devices_in_turn() -> None:
    assert places(["auto"], None) == [Place()] and known_ranks() == 1
    assert places(["cuda:0", "cuda:1"], None) == [Place(0, "cuda:0"), Place(0, "cuda:1")]
    assert [each.device for each in places(["a", "b"], 3)] == ["a", "b", "a"]
