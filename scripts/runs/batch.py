"""A batch: its jobs run as processes, and what became of them kept in batch.json."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import torch
from tqdm import tqdm

from ...metrics import InputError
from ...metrics.files import atomic_write
from .files import prepare_outdir, read_json, write_json
from .hosting import Place
from .jobs import Job
from .outcomes import Outcome, checkpoints, plan
from .processes import STOPPED, Process, run_processes
from .record import environment
from .results import Results

FILE = "batch.json"
"""What became of the rows; written whenever that of one changes."""

_LOGS = "logs"


@dataclass
class Batch:
    """Jobs, and what became of them.

    Attributes
    ----------
    results
        Of the folder of all.
    arguments
        Of the command, for the record.
    jobs, outcomes
        One for the other.
    interrupted
        Whether Ctrl-C ended it.
    """

    results: Results
    arguments: Mapping[str, Any]
    jobs: Sequence[Job]
    outcomes: Sequence[Outcome]
    interrupted: bool = False
    _began: float = field(default_factory=time.perf_counter)

    @classmethod
    def prepare(cls, outdir: Path, jobs: Sequence[Job], arguments: Mapping[str, Any]) -> Batch:
        """Hold the folder, and learn what an earlier batch has begun there."""
        inputs = [each for job in jobs for each in job.inputs]
        folder = prepare_outdir(outdir, [FILE, f"{_LOGS}/"], inputs)
        last = _last_begun(folder / FILE)
        outcomes = [
            Outcome(
                job.name, job.place, job.command, job.inputs, folder / job.name,
                last=last.get(job.name, {}),
            )
            for job in jobs
        ]  # fmt: skip
        return cls(Results(folder), arguments, jobs, outcomes)

    @property
    def counts(self) -> Counter[str]:
        """How many rows there are of each status."""
        return Counter(each.status for each in self.outcomes)

    def run(self, places: Sequence[Place]) -> None:
        """Run the jobs, one at a time at each of the places."""
        most = max(Counter(each.rank for each in places).values())
        with tqdm(total=len(self.jobs), desc="batch", unit="row", disable=None) as bar:
            self.interrupted = run_processes(
                range(len(self.jobs)),
                places,
                lambda index, place: self._begin(bar, index, place.device),
                lambda process: self._end(bar, process),
                threads=threads_each(most),
                look=lambda running: self._look(bar, running),
            )
        self._write()

    def _begin(self, bar: tqdm[NoReturn], index: int, device: str) -> list[str] | None:
        """Return the arguments of a job's process; None where there is nothing to run."""
        job, each = self.jobs[index], self.outcomes[index]
        planned = plan(job, each.outdir, each.last)
        each.why = planned.why
        if planned.what in ("skip", "fail"):
            each.status = "skipped" if planned.what == "skip" else "failed"
            if planned.what == "skip":
                each.read()
            self._say(bar, each)
            return None
        resumed = planned.what == "resume"
        placed = ["--device", device] if device != "auto" and "--device" not in job.options else []
        each.status, each.device = "running", device
        each.last = {
            "command": job.command,
            "arguments": job.arguments,
            "resumed": resumed,
            "failed": False,
            "stale": {} if resumed else checkpoints(each.outdir),
        }
        self._write()
        return [
            job.command, *job.inputs, *job.options, *placed, "--outdir", str(each.outdir),
            *(["--resume"] if resumed else []),
        ]  # fmt: skip

    def _end(self, bar: tqdm[NoReturn], process: Process[int]) -> None:
        """Learn what became of a job."""
        each, text = self.outcomes[process.task], process.said
        each.seconds, each.exit_code = process.seconds, process.code
        self.results.write(f"{_LOGS}/{each.name}.log", lambda path: _write_text(path, text))
        if process.code == 0:
            each.status = "done"
        else:
            each.status = "interrupted" if process.code in (None, *STOPPED) else "failed"
            each.last["failed"] = each.status == "failed"
            each.why = _last_words(text, process.code)
        if each.status != "failed":
            each.read()
        self._write()
        self._say(bar, each)

    def _look(self, bar: tqdm[NoReturn], running: Sequence[Process[int]]) -> None:
        shown = [(self.outcomes[each.task].name, each.percent) for each in running]
        parts = [name if part is None else f"{name} {part}%" for name, part in shown]
        bar.set_postfix_str(", ".join(parts))

    def _say(self, bar: tqdm[NoReturn], each: Outcome) -> None:
        bar.update()
        ended = sum(each.status not in ("not begun", "running") for each in self.outcomes)
        seconds = f", {each.seconds:.0f} s" if each.exit_code is not None else ""
        why = f" ({each.why})" if each.why else ""
        bar.write(f"{ended}/{len(self.jobs)} {each.name}: {each.status}{seconds}{why}")

    def _write(self) -> None:
        record = {
            "command": "batch",
            "arguments": self.arguments,
            "environment": environment(torch.device("cpu")),
            "counts": self.counts,
            "seconds": time.perf_counter() - self._began,
            "rows": self.outcomes,
        }
        self.results.write(FILE, lambda path: write_json(path, record))


def threads_each(processes: int) -> int | None:
    """Return how many threads each of some processes may take; one alone chooses by itself."""
    if processes == 1:
        return None
    known = os.environ.get("OMP_NUM_THREADS", "")
    if known.isdecimal():
        cores = int(known)
    else:
        affinity = getattr(os, "sched_getaffinity", None)
        cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return max(1, cores // processes)


def _last_begun(path: Path) -> dict[str, dict[str, Any]]:
    """Return what an earlier batch.json says was last begun, by the names of rows."""
    if not path.is_file():
        return {}
    try:
        rows = read_json(path)["rows"]
        return {row["name"]: dict(row["last"]) for row in rows}
    # Whatever it is, it tells us nothing; run.json still does.
    except (InputError, KeyError, TypeError, ValueError):
        return {}


def _last_words(text: str, code: int | None) -> str:
    """Return in one line why a process failed: what it said, or the signal that ended it."""
    if code is None:
        return "its rank was lost"
    if code in STOPPED:
        return "ended by a signal; what it has so far is kept"
    if code < 0:
        return f"ended by signal {-code}" + (" (out of memory?)" if code == -9 else "")
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    said = [line for line in lines if line.startswith("elpips: ")] or lines
    return (
        said[-1].removeprefix("elpips: ").removeprefix("error: ") if said else f"exit code {code}"
    )


def _write_text(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    with atomic_write(path) as temporary:
        temporary.write_text(text, "utf-8")
