"""A process that forks itself for each command on standard input, with all imported already.

A line ``{"arguments": [...], "counter": path}`` runs a command, whose steps are counted in a
file, and is answered by the number of its process; ``{"wait": number}`` by its exit code.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import sys
from pathlib import Path

import matplotlib.backends.backend_agg
import matplotlib.figure  # noqa: F401

from elpips.geometry import checkpoints
from elpips.optim import Callback, RunState
from elpips.scripts.cli import main
from elpips.scripts.commands import barycenter, geodesic  # noqa: F401 (imported before forks)
from elpips.scripts.runs import folder


def serve() -> None:
    """Answer until standard input ends."""
    for line in sys.stdin:
        question = json.loads(line)
        if "wait" in question:
            _, status = os.waitpid(question["wait"], 0)
            answer = os.waitstatus_to_exitcode(status)
        else:
            answer = os.fork()
            if answer == 0:
                run(question["arguments"], Path(question["counter"]))
        print(answer, flush=True)


def run(arguments: list[str], counter: Path) -> None:
    """Run a command, and end the process with its exit code."""
    code = 71
    try:
        # As a shell starts a process, whoever started this one.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        folder.checkpoints = counting(counter)
        with contextlib.redirect_stdout(io.StringIO()):
            with contextlib.redirect_stderr(io.StringIO()):
                code = main(arguments)
    except BaseException:
        code = 72
    finally:
        os._exit(code)


def counting(counter: Path):
    """Return what `checkpoints` is, that counts steps as well."""

    def make(path: Path) -> Callback:
        save = checkpoints(path)
        # Written over in one call. A file that is emptied and filled anew is empty for
        # milliseconds where the disk is busy, and a kill then leaves it so.
        file = os.open(counter, os.O_CREAT | os.O_WRONLY)

        def callback(run: RunState) -> None:
            os.pwrite(file, run.step.to_bytes(8, "big"), 0)
            save(run)

        return callback

    return make


if __name__ == "__main__":
    serve()
