"""Commands as processes of their own, some at a time, ended together by Ctrl-C."""

from __future__ import annotations

import signal
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Generic, TypeVar

from ...geometry.late_signals import signals_wait
from .hosting import Place, Send, Start, hosted, known_ranks

T = TypeVar("T")

STOPPED = {
    *(128 + number for number in (1, 2, 15)),
    *(-number for number in (1, 2, 15)),
}
"""Exit codes of what a signal has ended as Ctrl-C does."""

_PAUSE = 0.1
_KILL = getattr(signal, "SIGKILL", signal.SIGTERM)


@dataclass
class Process(Generic[T]):
    """A command that runs, or has run.

    Attributes
    ----------
    task
        What it is for.
    place
        Where.
    number
        By which its rank knows it.
    code
        Its exit code, once it has ended; -N of one that signal N has killed, None of one whose
        rank was lost.
    percent
        How far its last bar of progress is.
    said
        All that it has said, once it has ended; of bars of progress the last state.
    """

    task: T
    place: Place
    number: int
    began: float = field(default_factory=time.monotonic)
    code: int | None = None
    percent: int | None = None
    said: str = ""
    _signal: int | None = None

    @property
    def seconds(self) -> float:
        """How long ago it began."""
        return time.monotonic() - self.began


def run_processes(
    tasks: Iterable[T],
    places: Sequence[Place],
    begin: Callable[[T, Place], Sequence[str] | None],
    end: Callable[[Process[T]], object],
    *,
    threads: int | None = None,
    look: Callable[[Sequence[Process[T]]], object] = lambda running: None,
) -> bool:
    """Run commands, as many at a time as there are places; return whether Ctrl-C came.

    On Ctrl-C all that run are asked to end, as by SIGTERM, and waited for; on another one they
    are killed. Where a rank is lost it is the same.

    Parameters
    ----------
    tasks
        What the commands are for.
    places
        One for each command that runs at a time.
    begin
        Returns the arguments for a task at a place, or None where there is nothing to run.
    end
        Called with each process that has ended.
    threads
        Of each process; by itself if None.
    look
        Called now and then with those that run.
    """
    waiting, free, numbers = deque(tasks), deque(places), count()
    running: list[Process[T]] = []
    try:
        while waiting or running:
            # What is begun or has ended is known before a signal is heard.
            with signals_wait():
                starts = []
                while waiting and free:
                    arguments = begin(task := waiting.popleft(), free[0])
                    if arguments is not None:
                        running.append(each := Process(task, free.popleft(), next(numbers)))
                        order = Start(each.place.rank, each.number, tuple(arguments), threads)
                        starts.append(order)
                for each in _turn(running, starts):
                    free.append(each.place)
                    end(each)
            look(running)
            if running:
                time.sleep(_PAUSE)
    except KeyboardInterrupt:
        _stop(running, end)
        return True
    except BaseException:
        _stop(running, lambda process: None)
        raise
    return False


def _turn(running: list[Process[T]], orders: Sequence[Start | Send]) -> list[Process[T]]:
    """Give orders and learn how all are; take those that have ended out of the list."""
    if not running:
        return []
    by_number = {each.number: each for each in running}
    ended = []
    for state in hosted(orders):
        each = by_number[state.number]
        each.percent = state.percent
        if state.code is not None:
            each.code, each.said = state.code, state.said
            ended.append(each)
            running.remove(each)
    return ended


def _stop(running: list[Process[T]], end: Callable[[Process[T]], object]) -> None:
    """Ask all to end, and wait until they have; on Ctrl-C kill them."""
    how: int = signal.SIGTERM
    while running:
        ranks = known_ranks()
        for each in [each for each in running if each.place.rank >= ranks]:
            running.remove(each)
            end(each)
        orders = [
            Send(each.place.rank, each.number, how) for each in running if each._signal != how
        ]
        try:
            with signals_wait():
                ended = _turn(running, orders)
                for each in running:
                    each._signal = how
                for each in ended:
                    end(each)
            if running:
                time.sleep(_PAUSE)
        except KeyboardInterrupt:
            if known_ranks() == ranks:
                how = _KILL
