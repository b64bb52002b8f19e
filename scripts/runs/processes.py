"""Commands as processes of their own, some at a time, ended together by Ctrl-C."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")
D = TypeVar("D")

PROGRAM = (sys.executable, "-m", "elpips")
"""What the arguments of a task are given to."""

STOPPED = {
    *(128 + number for number in (1, 2, 15)),
    *(-number for number in (1, 2, 15)),
}
"""Exit codes of what a signal has ended as Ctrl-C does."""

_PAUSE = 0.1
_TAIL = 400
_PERCENT = re.compile(rb"(\d+)%\|")


@dataclass
class Process(Generic[T, D]):
    """A command that runs, or has run.

    Attributes
    ----------
    task
        What it is for.
    device
        Where.
    output
        The file that it prints to.
    code
        Its exit code, once it has ended; -N of one that signal N has killed.
    """

    task: T
    device: D
    process: subprocess.Popen[bytes]
    output: Path
    began: float = field(default_factory=time.monotonic)
    code: int | None = None

    @property
    def seconds(self) -> float:
        """How long ago it began."""
        return time.monotonic() - self.began

    @property
    def percent(self) -> int | None:
        """How far its last bar of progress is."""
        with self.output.open("rb") as file:
            file.seek(max(0, self.output.stat().st_size - _TAIL))
            found = _PERCENT.findall(file.read())
        return int(found[-1]) if found else None

    def text(self) -> str:
        """Return what it has said, of bars of progress the last state."""
        said = self.output.read_bytes().decode("utf-8", "replace").replace("\r\n", "\n")
        lines = [[part for part in line.split("\r") if part] for line in said.split("\n")]
        return "\n".join(parts[-1] if parts else "" for parts in lines)


def run_processes(
    tasks: Iterable[T],
    devices: Sequence[D],
    begin: Callable[[T, D], Sequence[str] | None],
    end: Callable[[Process[T, D]], object],
    *,
    threads: int | None = None,
    look: Callable[[Sequence[Process[T, D]]], object] = lambda running: None,
) -> bool:
    """Run commands, as many at a time as there are devices named; return whether Ctrl-C came.

    On Ctrl-C all that run are asked to end, as by SIGTERM, and waited for; on another one they
    are killed.

    Parameters
    ----------
    tasks
        What the commands are for.
    devices
        One for each command that runs at a time.
    begin
        Returns the arguments for a task on a device, or None where there is nothing to run.
    end
        Called with each process that has ended.
    threads
        Of each process; by itself if None.
    look
        Called now and then with those that run.
    """
    waiting, free = deque(tasks), deque(devices)
    running: list[Process[T, D]] = []
    with tempfile.TemporaryDirectory() as folder:
        outputs = (Path(folder, f"{number}.log") for number in count())
        try:
            while waiting or running:
                while waiting and free:
                    arguments = begin(task := waiting.popleft(), free[0])
                    if arguments is not None:
                        output, device = next(outputs), free.popleft()
                        running.append(_started(task, device, arguments, threads, output))
                for each in _ended(running):
                    free.append(each.device)
                    end(each)
                look(running)
                if running:
                    time.sleep(_PAUSE)
        except KeyboardInterrupt:
            _stop(running)
            for each in _ended(running):
                end(each)
            return True
        except BaseException:
            _stop(running)
            raise
    return False


def _started(
    task: T, device: D, arguments: Sequence[str], threads: int | None, output: Path
) -> Process[T, D]:
    """Start a command, out of the reach of the terminal's Ctrl-C, which is passed on once."""
    environment = dict(os.environ)
    if threads is not None:
        environment["OMP_NUM_THREADS"] = str(threads)
    with output.open("wb") as file:
        process = subprocess.Popen(
            [*PROGRAM, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            env=environment,
            start_new_session=True,
        )
    return Process(task, device, process, output)


def _ended(running: list[Process[T, D]]) -> list[Process[T, D]]:
    """Take those that have ended out of the list, and return them."""
    found = []
    for each in tuple(running):
        each.code = each.process.poll()
        if each.code is not None:
            running.remove(each)
            found.append(each)
    return found


def _stop(running: Sequence[Process[T, D]]) -> None:
    for each in running:
        each.process.send_signal(signal.SIGTERM)
    try:
        for each in running:
            each.process.wait()
    except KeyboardInterrupt:
        for each in running:
            each.process.kill()
            each.process.wait()
