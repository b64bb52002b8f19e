"""Commands as processes beside this one: on its machine, or beside each of torchrun's ranks.

Rank 0 gives orders, and all do what is theirs: `hosted` is called again and again, and each time
tells of every process how far it is. A process that has ended is told of once.
"""

from __future__ import annotations

import atexit
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...geometry.company import Alone, Company
from ...geometry.late_signals import signals_wait
from ...geometry.ranks import active, own_gpu

PROGRAM = (sys.executable, "-m", "elpips")
"""What the arguments of a command are given to."""

# What torchrun tells its processes; those started here are none of them.
_TORCHRUN = ("RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
_TAIL = 400
_PERCENT = re.compile(rb"(\d+)%\|")
_NOT_STARTED, _ENDED = 2, -15


@dataclass(frozen=True)
class Place:
    """Where a process runs: beside which rank, and on which device."""

    rank: int = 0
    device: str = "auto"


@dataclass(frozen=True)
class Start:
    """An order to a rank: start a process of a number; ``threads`` None: it chooses itself."""

    rank: int
    number: int
    arguments: tuple[str, ...]
    threads: int | None = None


@dataclass(frozen=True)
class Send:
    """An order to a rank: send a signal to a process."""

    rank: int
    number: int
    signal: int


@dataclass(frozen=True)
class State:
    """How a process is: its exit code and all that it has said once it has ended.

    Attributes
    ----------
    code
        None while it runs; -N of one that signal N has killed.
    percent
        How far its last bar of progress is.
    said
        Of bars of progress the last state.
    """

    number: int
    code: int | None = None
    percent: int | None = None
    said: str = ""


@dataclass(frozen=True)
class _Hosted:
    process: subprocess.Popen[bytes]
    output: Path


_here: dict[int, _Hosted] = {}


def places(devices: Sequence[str], jobs: int | None) -> list[Place]:
    """Return the places of as many processes as run at a time, in the order they are taken.

    Parameters
    ----------
    devices
        Taken in turn; of several ranks, "auto" is the GPU of each that has one.
    jobs
        Processes at a time, of several ranks beside each. If None, one per device; of several
        ranks one beside each.
    """
    ranks = active()
    if ranks is None:
        return [Place(0, devices[index % len(devices)]) for index in range(jobs or len(devices))]
    own = ranks.call(_own_devices)
    found = [
        Place(index % ranks.size, devices[index % len(devices)])
        for index in range(ranks.size * (jobs or 1))
    ]
    return [Place(each.rank, own[each.rank]) if each.device == "auto" else each for each in found]


def hosted(orders: Sequence[Start | Send]) -> list[State]:
    """Give orders, and return how all processes are, those that have ended for the last time.

    Raises
    ------
    KeyboardInterrupt
        A rank was lost; from then on only the processes of rank 0 are known.
    """
    ranks = active()
    return _turn(Alone(), orders) if ranks is None else ranks.call(_turn, list(orders))


def known_ranks() -> int:
    """Return how many ranks there are whose processes are known."""
    ranks = active()
    return 1 if ranks is None else ranks.size


def _turn(ranks: Company, orders: Sequence[Start | Send]) -> list[State]:
    """Do what is ordered of this rank; return, on rank 0, the states of all processes."""
    states = []
    for order in orders:
        if order.rank != ranks.rank:
            continue
        if isinstance(order, Start):
            try:
                _start(order)
            except OSError as error:
                states.append(State(order.number, _NOT_STARTED, said=f"elpips: error: {error}"))
        elif order.number in _here:
            _here[order.number].process.send_signal(order.signal)
        else:
            states.append(State(order.number, _ENDED))
    states += [_state(number) for number in tuple(_here)]
    return [state for of_rank in ranks.collect(states) for state in of_rank]


def _start(order: Start) -> None:
    """Start a command, out of the reach of the terminal's Ctrl-C, which is passed on once."""
    environment = {name: value for name, value in os.environ.items() if name not in _TORCHRUN}
    if order.threads is not None:
        environment["OMP_NUM_THREADS"] = str(order.threads)
    handle, name = tempfile.mkstemp(suffix=".log", prefix="elpips-")
    output = Path(name)
    try:
        # Not to inherit that a rank ignores the signals that end a command.
        with signals_wait():
            process = subprocess.Popen(
                [*PROGRAM, *order.arguments],
                stdin=subprocess.DEVNULL,
                stdout=handle,
                stderr=handle,
                env=environment,
                start_new_session=True,
            )
    except OSError:
        output.unlink()
        raise
    finally:
        os.close(handle)
    _here[order.number] = _Hosted(process, output)


def _state(number: int) -> State:
    """Return how a process of this rank is; forget it if it has ended."""
    each = _here[number]
    code = each.process.poll()
    if code is None:
        return State(number, None, _percent(each.output))
    said = each.output.read_bytes().decode("utf-8", "replace").replace("\r\n", "\n")
    del _here[number]
    each.output.unlink()
    lines = [[part for part in line.split("\r") if part] for line in said.split("\n")]
    return State(number, code, None, "\n".join(parts[-1] if parts else "" for parts in lines))


def _percent(output: Path) -> int | None:
    with output.open("rb") as file:
        file.seek(max(0, output.stat().st_size - _TAIL))
        found = _PERCENT.findall(file.read())
    return int(found[-1]) if found else None


def _own_devices(ranks: Company) -> list[str]:
    gpu = own_gpu()
    return ranks.collect("auto" if gpu is None else f"cuda:{gpu}")


@atexit.register
def _leave_none() -> None:
    """Ask those that still run to end, as where rank 0 was lost."""
    for each in _here.values():
        each.process.terminate()
        each.output.unlink(missing_ok=True)
