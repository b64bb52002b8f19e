"""The rows of a batch: a table read, or two folders matched by names."""

from __future__ import annotations

import csv
import io
import json
import logging
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...media import list_images
from ...metrics import InputError
from ...metrics.files import reason

logger = logging.getLogger("elpips")

OWN = ("command", "name", "inputs", "start", "end")
"""Columns that are no options."""

_JSON = (".jsonl", ".ndjson", ".json")


@dataclass(frozen=True)
class Row:
    """A row as it is written: where it stands, and its columns; lists where there are several."""

    place: str
    columns: Mapping[str, Any]


def read_manifest(path: Path) -> list[Row]:
    """Read a table: CSV (TSV by the name), or JSON lines where the name ends so.

    Raises
    ------
    InputError
        It cannot be read, or a line is none.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({reason(error)})") from error
    except UnicodeDecodeError:
        raise InputError(f"{path}: is no text in UTF-8; expected CSV or JSON lines") from None
    rows = _read_json(path, text) if path.suffix.lower() in _JSON else _read_csv(path, text)
    if not rows:
        raise InputError(f"{path}: has no rows")
    return rows


def match_folders(first: Path, second: Path) -> list[Row]:
    """Return a row for each pair of pictures of one name in two folders; tell what has none."""
    found: list[dict[str, Path]] = []
    for folder in (first, second):
        pictures: dict[str, Path] = {}
        for path in list_images(folder):
            if path.stem in pictures:
                raise InputError(f"{path}: has the name of {pictures[path.stem].name}")
            pictures[path.stem] = path
        found.append(pictures)
    names = [name for name in found[0] if name in found[1]]
    if not names:
        raise InputError(f"{first}, {second}: no picture of the one has its name in the other")
    alone = [str(path) for side in found for name, path in side.items() if name not in names]
    if alone:
        logger.warning("left out, with none of their name beside them: %s", ", ".join(alone))
    return [
        Row(
            f"pair {name}", {"name": name, "start": str(found[0][name]), "end": str(found[1][name])}
        )
        for name in names
    ]


def with_defaults(rows: Sequence[Row], defaults: Sequence[str]) -> list[Row]:
    """Fill columns that rows leave empty from COLUMN=VALUE."""
    common = {}
    for each in defaults:
        column, equals, value = each.partition("=")
        if not equals:
            raise InputError(f"defaults: found {each!r}, expected COLUMN=VALUE")
        column = _column(column)
        common[column] = cell("defaults", column, value)
    return [
        Row(row.place, {**common, **{k: v for k, v in row.columns.items() if not is_empty(v)}})
        for row in rows
    ]


def _read_csv(path: Path, text: str) -> list[Row]:
    first = text.partition("\n")[0]
    tabs = path.suffix.lower() in (".tsv", ".tab")
    delimiter = "\t" if tabs else ";" if ";" in first and "," not in first else ","
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise InputError(f"{path}: is no CSV ({error})") from None
    lines = [line for line in lines if any(cell.strip() for cell in line)]
    header = [_column(cell) for cell in lines[0]] if lines else []
    if len(set(header)) < len(header) or "" in header:
        raise InputError(f"{path}: columns without a name, or two of one: {', '.join(header)}")
    rows = []
    for number, line in enumerate(lines[1:], 1):
        if len(line) > len(header):
            raise InputError(f"{path}, row {number}: more cells than the {len(header)} columns")
        cells = zip(header, line, strict=False)
        place = f"{path}, row {number}"
        rows.append(Row(place, {k: cell(place, k, each) for k, each in cells}))
    return rows


def _read_json(path: Path, text: str) -> list[Row]:
    rows = []
    for number, line in enumerate((each for each in text.splitlines() if each.strip()), 1):
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise InputError(f"{path}, row {number}: is no JSON object; expected one a line")
        for key, value in found.items():
            if isinstance(value, dict):
                raise InputError(f"{path}, row {number}, column {key}: is an object; expected text")
        rows.append(Row(f"{path}, row {number}", {_column(k): v for k, v in found.items()}))
    return rows


def _column(name: str) -> str:
    return name.strip().lstrip("-").replace("_", "-")


def cell(place: str, column: str, text: str) -> str | list[str]:
    """Return a cell's text, or its words where there are several, as a shell has them."""
    text = text.strip()
    if column in OWN and column != "inputs":
        return text
    words = shlex.shlex(text, posix=True)
    words.whitespace_split, words.escape, words.commenters = True, "", ""
    try:
        found = list(words)
    except ValueError:
        raise InputError(f"{place}, column {column}: {text!r} has an open quotation mark") from None
    return found[0] if len(found) == 1 else found


def is_empty(value: Any) -> bool:
    """Whether a column says nothing."""
    return value is None or value == "" or value == []
