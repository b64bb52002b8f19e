"""The jobs of a batch: each row looked at by the parser of its command before any is begun."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, get_args

from ...geometry.barycenter_problem import Init
from ...geometry.options import SolvingOptions
from ...geometry.reference_path import PathInit
from ...media import list_images
from ...metrics import InputError
from .files import plain
from .manifest import OWN, Row, is_empty
from .options import MetricOptions, flat
from .path_setup import JudgeOptions

logger = logging.getLogger("elpips")

COMMANDS = ("geodesic", "morph", "barycenter", "interpolate", "materials")
"""What a row may ask for."""

Parse = Callable[[str, Sequence[str]], Mapping[str, Any]]
"""Returns what a command would be called with, of its name and arguments, or raises."""

_TAKEN = {"outdir", "resume", "help"}
_RESERVED = {"batch.json", "logs", "elpips-files.jsonl"}
_NUMBER = re.compile(r"-\.?\d")
_STARTS = {*get_args(PathInit), *get_args(Init)}
_LONGEST, _STEMS = 100, 3


@dataclass(frozen=True)
class Job:
    """What a row asks for.

    Attributes
    ----------
    place
        Where the row stands.
    name
        Of its folder.
    command, inputs, options
        As on the command line.
    arguments
        All of the command's, by the names of run.json.
    """

    place: str
    name: str
    command: str
    inputs: tuple[str, ...]
    options: tuple[str, ...]
    arguments: Mapping[str, Any]

    @property
    def files(self) -> list[Path]:
        """The files and folders that are read: the inputs, and those that options name."""
        start, metric = self.arguments.get("init"), str(self.arguments.get("metric"))
        named = [
            None if start in _STARTS else start,
            self.arguments.get("mask"),
            metric.partition("=")[2] or None,
        ]
        return [Path(each) for each in (*self.inputs, *named) if each is not None]


def make_jobs(rows: Sequence[Row], parse: Parse) -> list[Job]:
    """Look at all rows by the parsers of their commands, and return what they ask for.

    Raises
    ------
    InputError
        A row or column is of no use; all such are warnings of the logger "elpips".
    """
    jobs: list[Job] = []
    bad: list[str] = []
    taken: dict[str, str] = {}
    for row in rows:
        if not is_empty(name := row.columns.get("name")):
            try:
                _check_name(row, str(name), taken)
            except InputError as error:
                bad.append(str(error))
    for row in rows:
        try:
            jobs.append(_job(row, parse, taken))
        except InputError as error:
            bad.append(str(error))
    if bad:
        for line in bad[:-1]:
            logger.warning("%s", line)
        raise InputError(f"{bad[-1]} (nothing was begun)")
    return jobs


def _job(row: Row, parse: Parse, taken: dict[str, str]) -> Job:
    columns = {key: value for key, value in row.columns.items() if not is_empty(value)}
    command = str(columns.get("command", "geodesic"))
    if command not in COMMANDS:
        known = ", ".join(COMMANDS)
        raise InputError(f"{row.place}, column command: found {command!r}, expected one of {known}")
    inputs = _inputs(row, columns, command)
    # A name may begin with a dash, as an option does.
    given = [f"./{each}" if each.startswith("-") else each for each in inputs]
    options = {key: _tokens(row, key, value) for key, value in columns.items() if key not in OWN}
    tokens = [token for each in options.values() for token in each]
    try:
        arguments = _looked_at(parse, command, [*given, *tokens])
    except InputError as error:
        column = _culprit(parse, command, given, options)
        raise InputError(f"{row.place}, column {column}: {error}") from None
    name = columns.get("name")
    named = str(name) if name is not None else _made_name(inputs, row, taken)
    return Job(row.place, named, command, tuple(given), tuple(tokens), arguments)


def _looked_at(parse: Parse, command: str, argv: Sequence[str]) -> dict[str, Any]:
    arguments = parse(command, argv)
    for value in arguments.values():
        _check(value)
    found: dict[str, Any] = plain(flat(**arguments))
    return found


def _check(value: Any) -> None:
    """Raise `InputError` for options that the command itself would refuse when it has begun."""
    if isinstance(value, (SolvingOptions, JudgeOptions, MetricOptions)):
        value.check()
    elif is_dataclass(value) and not isinstance(value, type):
        for each in fields(value):
            _check(getattr(value, each.name))


def _culprit(
    parse: Parse, command: str, inputs: Sequence[str], options: Mapping[str, Sequence[str]]
) -> str:
    """Return the column that a command does not take, alone beside the inputs."""
    for column, tokens in (("inputs", ()), *options.items()):
        try:
            _looked_at(parse, command, [*inputs, *tokens])
        except InputError:
            return column
    return ", ".join(options)


def _inputs(row: Row, columns: Mapping[str, Any], command: str) -> list[str]:
    ends = [columns[key] for key in ("start", "end") if key in columns]
    if ends and "inputs" in columns:
        raise InputError(f"{row.place}, column inputs: expected inputs, or start and end, not both")
    given = ends or columns.get("inputs", [])
    inputs = [str(each) for each in (given if isinstance(given, list) else [given])]
    if not inputs:
        raise InputError(f"{row.place}, column inputs: found none, and neither start nor end")
    if command != "morph":
        return inputs
    # As the command does, whose record has the single pictures.
    return [
        str(path)
        for each in inputs
        for path in (list_images(each) if os.path.isdir(each) else [each])
    ]


def _tokens(row: Row, column: str, value: Any) -> list[str]:
    """Return a column as options of the command line."""
    if column in _TAKEN:
        raise InputError(f"{row.place}, column {column}: is the batch's own to say; leave it out")
    words = {"true": True, "yes": True, "false": False, "no": False}
    if isinstance(value, str):
        value = words.get(value.lower(), value)
    if isinstance(value, bool):
        return [f"--{column}" if value else f"--no-{column}"]
    values = [str(each) for each in (value if isinstance(value, list) else [value])]
    for each in values:
        if each.startswith("-") and not _NUMBER.match(each):
            raise InputError(f"{row.place}, column {column}: {each!r} begins with a dash")
    return [f"--{column}", *values]


def _check_name(row: Row, name: str, taken: dict[str, str]) -> None:
    bad = name.startswith(".") or name != Path(name).name or "\\" in name or "\0" in name
    if bad or name.casefold() in _RESERVED or len(os.fsencode(name)) > 2 * _LONGEST:
        raise InputError(f"{row.place}, column name: {name!r} cannot be the name of a folder here")
    if (other := taken.get(name.casefold())) is not None:
        raise InputError(f"{row.place}, column name: {name!r} is the name of {other} too")
    taken[name.casefold()] = row.place


def _made_name(inputs: Sequence[str], row: Row, taken: dict[str, str]) -> str:
    """Return a name from those of the inputs that no other row has."""
    stems = [Path(each).stem.strip(". ") or "input" for each in inputs]
    stems = stems[:1] if len(set(stems)) == 1 else stems
    more = [f"{len(stems) - _STEMS}-more"] if len(stems) > _STEMS else []
    name = "-".join([*stems[:_STEMS], *more])
    while len(os.fsencode(name)) > _LONGEST:
        name = name[:-1]
    found, count = name, 1
    while found.casefold() in taken or found.casefold() in _RESERVED:
        count += 1
        found = f"{name}-{count}"
    taken[found.casefold()] = row.place
    return found
