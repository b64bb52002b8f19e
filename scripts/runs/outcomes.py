"""What became of the rows of a batch, and what is still to be done: read from their folders."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from ...media.folder import frames_folder
from ...metrics import InputError
from ...optim import StopReason
from .files import read_json
from .jobs import Job
from .path_report import shown
from .path_setup import JudgeOptions, ShowOptions
from .tables import format_table

Status = Literal["done", "skipped", "failed", "interrupted", "running", "not begun"]

# How a run was told to go, not what it makes.
_APART = {"outdir", "resume", "device"}
# What becomes of a path when it has been computed.
_AFTERWARDS = {each.name for kind in (ShowOptions, JudgeOptions) for each in fields(kind)}
_UNFINISHED = {StopReason.INTERRUPTED.value, StopReason.NOT_FINITE.value}
_FIGURES = ("objective", "excess", "overlay")
_CHECKPOINTS = ("checkpoint.pt", "segments/*/checkpoint.pt", "footage.json")


@dataclass(frozen=True)
class Plan:
    """What is to be done about a row, and why: skip, begin or resume; or why it cannot be."""

    what: Literal["skip", "begin", "resume", "fail"]
    why: str = ""


@dataclass
class Outcome:
    """What became of a row, as batch.json has it.

    Attributes
    ----------
    seconds
        Of this batch; of a row that is skipped those of its run.
    why
        Why it was done again or not, or what went wrong.
    objective, excess, overlay
        Of a barycenter; of a path its energy, excess and overlay, the means over the pairs of a
        morph. None of footage.
    last
        What was last begun in the folder: command, arguments, whether it was resumed and whether
        it failed, and the `checkpoints` of runs before it, which it may have left.
    """

    name: str
    place: str
    command: str
    inputs: Sequence[str]
    outdir: Path
    status: Status = "not begun"
    why: str = ""
    device: str | None = None
    exit_code: int | None = None
    seconds: float | None = None
    objective: float | None = None
    excess: float | None = None
    overlay: float | None = None
    last: dict[str, Any] = field(default_factory=dict)

    def read(self) -> None:
        """Take the figures of run.json."""
        record = _record(self.outdir)
        for name, value in figures(record).items():
            setattr(self, name, value)
        if self.seconds is None:
            seconds = record.get("seconds")
            self.seconds = seconds.get("total") if isinstance(seconds, dict) else seconds


def plan(job: Job, folder: Path, last: Mapping[str, Any]) -> Plan:
    """Say what is to be done about a row.

    Parameters
    ----------
    job
        The row.
    folder
        Its folder.
    last
        What was last begun there by a batch, as of `Outcome`; empty where that is not known.
    """
    missing = [each for each in job.inputs if not Path(each).exists()]
    if missing:
        return Plan("fail", f"{missing[0]}: no such file")
    record = _record(folder)
    failed = bool(last.get("failed"))
    newer = _newer(job, folder)
    if record and not failed and _finished(record):
        changed = _changes(job, record)
        if not changed and not newer:
            return Plan("skip", "done before")
    # What was begun last has the checkpoint, be it that its run.json was never written.
    last = last or record
    if not last:
        return Plan("begin")
    if newer:
        return Plan("begin", f"done again: {newer} is newer than the result")
    changed = _changes(job, last)
    own = checkpoints(folder).items() - (last.get("stale") or {}).items()
    again = failed and last.get("resumed")
    if own and not again and _goes_on(job, last, changed):
        return Plan("resume", "goes on from its checkpoint" + _listed(changed, ": "))
    if changed:
        return Plan("begin", "done again" + _listed(changed, ": "))
    return Plan("begin", "done again: it had failed" if failed else "done again: it had not ended")


def checkpoints(folder: Path) -> dict[str, int]:
    """Return what in a folder can be gone on from: names, and when each was written."""
    return {
        path.relative_to(folder).as_posix(): path.stat().st_mtime_ns
        for name in _CHECKPOINTS
        for path in folder.glob(name)
    }


def _listed(changed: Mapping[str, tuple[Any, Any]], lead: str) -> str:
    said = [f"{name} was {old}, is {new}" for name, (old, new) in changed.items()]
    return lead + "; ".join(said) if said else ""


def _changes(job: Job, last: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return the arguments, those then and now, in which a row differs from what was run."""
    arguments = last.get("arguments")
    known = arguments if isinstance(arguments, dict) else {}
    found: dict[str, tuple[Any, Any]] = {}
    if last.get("command") != job.command:
        found["command"] = (last.get("command"), job.command)
    for name in sorted(known.keys() & job.arguments.keys() - _APART):
        if known[name] != job.arguments[name]:
            found[name] = (known[name], job.arguments[name])
    if not known:
        found["arguments"] = ("unknown", "given")
    return found


def _goes_on(job: Job, last: Mapping[str, Any], changed: Mapping[str, tuple[Any, Any]]) -> bool:
    """Whether what was begun is a part of what is asked for."""
    if last.get("result") == StopReason.NOT_FINITE.value:
        return False
    if job.command == "interpolate" and len(job.inputs) == 1:
        # Frames of footage that are written are kept as they are.
        return not changed
    for name, (old, new) in changed.items():
        more = name == "steps" and isinstance(old, int) and isinstance(new, int) and new > old
        if name not in _AFTERWARDS and not more:
            return False
    return True


def _finished(record: Mapping[str, Any]) -> bool:
    if "interrupted" in record:
        return not record["interrupted"]
    return record.get("result") not in _UNFINISHED and record.get("evaluation") is not None


def _newer(job: Job, folder: Path) -> Path | None:
    """Return what the row reads and what has changed since it was run."""
    results = [path for name in ("run.json", *_CHECKPOINTS) for path in folder.glob(name)]
    written = max(map(_changed, results), default=math.inf)
    return next((each for each in job.files if _changed(each) > written), None)


def _changed(path: Path) -> float:
    """Return when a file was changed; of a folder, it or the newest of the files in it.

    Of the folder of a run, its frames; of what is not there, never (0).
    """
    try:
        place = frames_folder(path) if path.is_dir() else path
        files = [each for each in place.iterdir() if each.is_file()] if place.is_dir() else []
        return max(each.stat().st_mtime for each in (place, *files))
    except OSError:
        return 0.0


def _record(folder: Path) -> dict[str, Any]:
    """Return the run.json of a folder, empty where there is none that can be read."""
    try:
        found = read_json(folder / "run.json")
    except InputError:
        return {}
    return found if isinstance(found, dict) else {}


def figures(record: Mapping[str, Any]) -> dict[str, float]:
    """Return objective, excess and overlay of a run.json, as far as it has them."""
    evaluation = record.get("evaluation")
    if not isinstance(evaluation, dict):
        return {}
    found = {}
    for name in _FIGURES:
        parts = evaluation.get("segments", [evaluation])
        values = [
            part.get(name, part.get("energy")) if name == "objective" else part.get(name)
            for part in parts
        ]
        numbers = [value for value in values if isinstance(value, (int, float))]
        if numbers:
            found[name] = sum(numbers) / len(numbers)
    return found


def table(outcomes: Sequence[Outcome]) -> str:
    """Return the closing table, and a line on each row that is not done."""
    rows: list[tuple[str, ...]] = [("row", "command", "status", "seconds", *_FIGURES)]
    for each in outcomes:
        cells = [_cell(each.seconds, ".1f"), _cell(each.objective, ".5f")]
        excess = None if each.excess is None else max(each.excess, 0.0)
        cells += [_cell(excess, ".1%"), _cell(each.overlay, ".2f")]
        rows.append((each.name, each.command, each.status, *cells))
    lines = [format_table(rows, "<<<>>>>")]
    lines += [
        f"{each.name} ({each.place}): {each.why}"
        for each in outcomes
        if each.why and each.status in ("failed", "interrupted")
    ]
    return "\n".join(lines)


def _cell(value: float | None, form: str) -> str:
    return "-" if value is None else shown(value, form)
