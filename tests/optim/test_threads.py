"""Threads are chosen by step times: with a clock of its own, and around real steps."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
import torch

from elpips.optim import PaperAdam, StoppingCriteria, advance, chosen_threads, start
from elpips.optim.threads import ThreadChoice, is_free, quickest
from toy_problems import quadratic

# Seconds of a step by the number of threads.
ALONE = {1: 4.0, 2: 2.2, 4: 1.2, 8: 0.7}
CROWDED = {1: 5.0, 2: 3.5, 4: 16.0, 8: 40.0}
FULL = {1: 6.0, 2: 24.0, 4: 48.0, 8: 90.0}


class Machine:
    """Takes steps on as many threads as were set, and keeps the time."""

    def __init__(self, most: int, log: list[int] | None = None) -> None:
        self.threads, self.clock = most, 0.0
        self.log = [] if log is None else log
        self.choice = ThreadChoice(most, self.set)

    def set(self, number: int) -> None:
        self.threads = number

    def steps(
        self, count: int, times: dict[int, float], work: Callable[[int], float] = lambda _: 1.0
    ) -> float:
        began = self.clock
        for index in range(count):
            # What a step costs besides its work makes small ones dearer by work.
            seconds = times[self.threads] * (0.2 + work(index))
            self.log.append(self.threads)
            self.clock += seconds
            self.choice.step(work(index), seconds)
        return self.clock - began


@pytest.mark.parametrize("most", [2, 4, 8])
def test_alone_all_threads_are_used(most: int) -> None:
    machine = Machine(most)
    seconds = machine.steps(400, ALONE)
    assert machine.threads == most
    assert seconds <= 1.01 * 400 * 1.2 * ALONE[most]


@pytest.mark.parametrize(("times", "best"), [(CROWDED, 2), (FULL, 1)])
def test_beside_others_the_fastest_number_is_found_at_little_cost(
    times: dict[int, float], best: int
) -> None:
    machine = Machine(8)
    machine.steps(10, times)
    assert machine.threads == best
    assert machine.steps(400, times) <= 1.07 * 400 * 1.2 * times[best]


def test_it_looks_again_when_another_process_comes_and_goes() -> None:
    machine = Machine(2)
    machine.steps(100, ALONE)
    assert machine.threads == 2
    machine.steps(20, FULL)
    assert machine.threads == 1
    machine.steps(400, ALONE)
    assert machine.threads == 2


def test_small_steps_are_compared_with_small_ones() -> None:
    machine = Machine(2)
    machine.steps(400, ALONE, lambda index: 1.0 if index % 3 else 1 / 16)
    # One look down, no more; it may fall on a kind that is not known yet.
    assert machine.log.count(1) <= 2


def test_the_first_step_of_a_kind_does_not_count() -> None:
    machine = Machine(2)
    machine.choice.step(1.0, 100.0)
    machine.steps(3, ALONE)
    assert machine.threads == 2


def test_it_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    machine = Machine(2)
    with caplog.at_level(logging.WARNING, "elpips"):
        for _ in range(3):
            machine.steps(300, FULL)
            machine.steps(300, ALONE)
    assert machine.log.count(1) > 300 and machine.log.count(2) > 300
    assert [each.getMessage()[:19] for each in caplog.records] == ["1 of 2 threads are "]


def test_from_few_threads_it_looks_at_more_after_a_while() -> None:
    machine = Machine(2)
    machine.choice = ThreadChoice(2, machine.set, 1)
    machine.choice.resume()
    machine.steps(20, ALONE)
    assert machine.threads == 1
    machine.steps(200, ALONE)
    assert machine.threads == 2


@pytest.mark.parametrize(("slow_on", "expected"), [(0, 4), (4, 2), (2, 1)])
def test_convolutions_are_timed_before_the_first_step(
    monkeypatch: pytest.MonkeyPatch, slow_on: int, expected: int
) -> None:
    threads, clock = [0], [0.0]

    def convolve(image: torch.Tensor, kernel: torch.Tensor) -> None:
        clock[0] += 100.0 if 0 < slow_on <= threads[0] else 1 / threads[0]

    monkeypatch.setattr("torch.set_num_threads", lambda number: threads.__setitem__(0, number))
    monkeypatch.setattr("torch.conv2d", convolve)
    monkeypatch.setattr("elpips.optim.threads.time.perf_counter", lambda: clock[0])
    assert quickest(4) == expected


@pytest.fixture
def two_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.sched_getaffinity", lambda process: {0, 1}, raising=False)
    monkeypatch.setattr("elpips.optim.threads.quickest", lambda most: most)


@pytest.mark.usefixtures("two_processors")
def test_a_number_of_the_user_is_kept_to(monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_free(2)
    assert not is_free(1) and not is_free(3)
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert not is_free(2)


@pytest.mark.usefixtures("two_processors")
def test_the_number_is_as_before_after_the_block_and_the_choice_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("elpips.optim.threads._Process.choice", None)
    given = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with chosen_threads() as choice, chosen_threads() as same:
            assert choice is not None and same is choice
            for seconds in (1.0, 1.0, 0.1):
                choice.step(1.0, seconds)
            assert torch.get_num_threads() == choice.number == 1
        assert torch.get_num_threads() == 2
        with chosen_threads():
            assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(given)


@pytest.mark.usefixtures("two_processors")
def test_the_solver_tells_of_its_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[float, float]] = []
    monkeypatch.setattr("elpips.optim.threads._Process.choice", None)
    monkeypatch.setattr(ThreadChoice, "step", lambda self, *step: told.append(step))
    given = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        problem, solver = quadratic(), PaperAdam()
        advance(problem, solver, start(problem, solver, problem.target, 0), StoppingCriteria(3))
    finally:
        torch.set_num_threads(given)
    assert [work for work, _ in told] == [1.0] * 3
    assert all(seconds > 0 for _, seconds in told)
