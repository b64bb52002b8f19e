"""Histories, and what a run says of itself."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from elpips.optim import History, PreconditionedAdam, Scaling, StepRecord, StopReason
from toy_problems import quadratic, same, solve

SPREAD = PreconditionedAdam(Scaling(0.3))


def record(step: int) -> StepRecord:
    return StepRecord(step, 2 * step, 0.1 * step, 1 / (step + 1), 0.5)


def steps(history: History) -> list[int]:
    return [each.step for each in history]


class TestHistory:
    def test_is_a_sequence(self) -> None:
        history = History([record(step) for step in range(5)])
        assert len(history) == 5 and steps(history) == [0, 1, 2, 3, 4]
        assert history[-1] == record(4) and history[0] == record(0)
        assert [each.step for each in history[1:-1]] == [1, 2, 3]
        assert [each.step for each in history[::-2]] == [4, 2, 0]
        assert record(3) in history and record(9) not in history
        for index in (5, -6):
            with pytest.raises(IndexError):
                history[index]
        assert not History() and len(History()) == 0

    def test_is_never_changed(self) -> None:
        records = [record(0)]
        first = History(records)
        records.append(record(7))
        second = first.extended(record(1))
        third = second.extended(record(2))
        assert [steps(each) for each in (first, second, third)] == [[0], [0, 1], [0, 1, 2]]
        assert first[-1] == record(0) and next(reversed(second)) == record(1)

    def test_branches_do_not_meet(self) -> None:
        root = History([record(0)]).extended(record(1))
        left, right = root.extended(record(10)), root.extended(record(20))
        left, right = left.extended(record(11)), right.extended(record(21))
        again = root.extended(record(30))
        assert steps(left) == [0, 1, 10, 11] and steps(right) == [0, 1, 20, 21]
        assert steps(again) == [0, 1, 30] and steps(root) == [0, 1]

    def test_is_extended_without_a_copy(self) -> None:
        history, one = History(), record(0)

        def extend(count: int) -> float:
            nonlocal history
            began = time.process_time()
            for _ in range(count):
                history = history.extended(one)
            return time.process_time() - began

        extend(1000)
        early = min(extend(2000) for _ in range(3))
        extend(200_000)
        # A copy of 200,000 records per step would take hundreds of times as long.
        assert min(extend(2000) for _ in range(3)) < 10 * early + 0.01
        assert len(history) == 1000 + 3 * 2000 + 200_000 + 3 * 2000


def test_two_runs_that_go_on_from_one_state_do_not_disturb_each_other() -> None:
    state = solve(quadratic(noise=1.0), SPREAD, 15).state
    recorded, evaluations = list(state.history), state.evaluations
    x = state.x.clone()
    # In turns, a step at a time, both from the same state.
    one, two = state, state
    for step in range(16, 31):
        one = solve(quadratic(noise=1.0), SPREAD, step, one).state
        two = solve(quadratic(noise=1.0), SPREAD, step, two).state
    assert len(state.history) == 15 and list(state.history) == recorded
    assert state.evaluations == evaluations and same(state.x, x)
    whole = solve(quadratic(noise=1.0), SPREAD, 30).state
    for run in (one, two):
        assert same(run.x, whole.x) and same(run.solver, whole.solver)
        assert [replace(each, seconds=0) for each in run.history] == [
            replace(each, seconds=0) for each in whole.history
        ]


def test_a_solution_says_whether_it_was_interrupted() -> None:
    done = solve(quadratic(), SPREAD, 5)
    stopped = solve(quadratic(interrupted_at=4), SPREAD, 5)
    assert not done.interrupted and stopped.interrupted
    assert done.history is done.state.history and len(stopped.history) == 3


def test_reasons_are_what_a_user_reads() -> None:
    assert str(StopReason.STEP_LIMIT) == "step limit reached"
    assert len({str(reason) for reason in StopReason}) == 5


def test_records_do_not_flood_a_terminal() -> None:
    state = solve(quadratic(), SPREAD, 5).state
    assert "history" not in repr(state) and "step=5" in repr(state)
