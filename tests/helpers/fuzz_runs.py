"""How the fuzzer runs a case in this process, and a command in one that it may kill."""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import fuzz_server
from elpips.media import figure
from elpips.metrics import claims
from elpips.scripts.cli import main
from elpips.scripts.commands import barycenter as barycenter_command
from elpips.scripts.runs import barycenter, path, plots
from fuzz_cases import KINDS, Stock

_SECONDS, _PROCESS_SECONDS = 60, 240


class _EndlessError(BaseException):
    """A case that does not end."""


@contextlib.contextmanager
def time_limit(seconds: int) -> Iterator[None]:
    """Raise within the block when time is up."""

    def stop(number: int, frame: object) -> None:
        raise _EndlessError

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def quick(patch: pytest.MonkeyPatch) -> None:
    """Leave out plots and animations, which take long and depend on nothing that is fuzzed."""

    def small(where: Path, *arguments: object, **options: object) -> None:
        with figure.atomic_write(where) as temporary:
            temporary.write_bytes(b"small")

    for module, names in (
        (barycenter, ("save_grid",)),
        (barycenter_command, ("write_figure",)),
        (path, ("save_animation", "save_filmstrip", "save_scanlines", "write_figure")),
    ):
        for name in names:
            patch.setattr(module, name, small)
    patch.setattr(plots, "make_figure", lambda *arguments, **options: None)


def run_case(kind: str, index: int, stock: Stock) -> str:
    """Run a case; return what is wrong with how it went, or nothing."""
    make, _ = KINDS[kind]
    with tempfile.TemporaryDirectory(prefix="fuzz") as scratch:
        case = make(random.Random(f"{kind} {index}"), Path(scratch), stock)
        before = [each.read_bytes() for each in case.untouched]
        said = io.StringIO()
        with pytest.MonkeyPatch.context() as patch:
            for name, value in (case.environment or {}).items():
                patch.setenv(name, value)
            try:
                with (
                    time_limit(_SECONDS),
                    contextlib.redirect_stdout(said),
                    contextlib.redirect_stderr(said),
                ):
                    code = main(case.arguments)
            except _EndlessError:
                return f"{case.arguments}: does not end"
            except Exception:
                return f"{case.arguments}: {traceback.format_exc()}"
        text = said.getvalue()
        after = [each.read_bytes() if each.exists() else b"" for each in case.untouched]
        if before != after:
            return f"{case.arguments}: touched the user's files"
        if code not in case.codes:
            return f"{case.arguments}: exit code {code}, {text[-500:]}"
        if code == 2 and text.count("elpips: error: ") > 1:
            return f"{case.arguments}: more than one line, {text}"
        if any(word in text for word in ("Traceback", "weights_only", "unsafe")):
            return f"{case.arguments}: {text[-500:]}"
        left = [each for each in Path(scratch).rglob(".*") if each.name != claims.LOCK_NAME]
        return f"{case.arguments}: left {left}" if left else ""


class Server:
    """A process that has imported all, and forks itself for each command that it is given.

    It has done no work, so that its threads are none that a fork would leave behind.
    """

    def __init__(self) -> None:
        """Start it."""
        self._process = subprocess.Popen(
            [sys.executable, fuzz_server.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, **question: Any) -> int:
        """Return its answer to a question of `fuzz_server`."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        with time_limit(_PROCESS_SECONDS):
            return int(self._process.stdout.readline())

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()


class Child:
    """A command in a process of its own."""

    def __init__(self, server: Server, arguments: Sequence[str], counter: Path) -> None:
        """Start it; the number of its steps is kept in a file."""
        self._server, self._counter = server, counter
        counter.unlink(missing_ok=True)
        self.number = server.ask(arguments=list(arguments), counter=str(counter))

    @property
    def steps(self) -> int:
        """How many steps it has done."""
        return int.from_bytes(self._counter.read_bytes() if self._counter.exists() else b"", "big")

    def send(self, number: int) -> None:
        """Send it a signal, if it is still there."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.number, number)

    def wait(self) -> int:
        """Wait for its end, and return its exit code; minus the signal that ended it."""
        return self._server.ask(wait=self.number)
