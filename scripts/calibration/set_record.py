"""What `elpips make-2afc` notes in the folder of a set: what it is made of, and if it is whole."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...metrics.errors import InputError
from ..runs.files import write_json

RECORD = "set.json"
"""The file of the note."""


def read_record(folder: Path) -> dict[str, Any] | None:
    """Return what `elpips make-2afc` noted of a set; None where it did not make it.

    Raises
    ------
    InputError
        The note is damaged.
    """
    path = folder / RECORD
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: cannot be read ({error}); make the set again") from None
    if not isinstance(content, dict):
        raise InputError(f"{path}: is no record of a set; make the set again")
    return content


def refuse_unfinished(folder: Path) -> None:
    """Raise `InputError` for a set, or a part of one, that `elpips make-2afc` has not finished."""
    for each in (folder, folder.parent):
        record = read_record(each)
        if record is not None and not record.get("complete"):
            raise InputError(
                f"{each}: the set is unfinished; the same `elpips make-2afc` as before goes on "
                "with it"
            )


def begin_record(out: Path, record: Mapping[str, Any]) -> None:
    """Note what is being made, or check that the set that is there goes on with the same.

    Raises
    ------
    InputError
        The folder holds another set.
    """
    known = read_record(out)
    if known is None:
        if any((out / part).exists() for part in ("train", "val")):
            raise InputError(f"{out}: holds another set; name another --outdir")
        write_json(out / RECORD, record)
        return
    for key in ("options", "photographs"):
        if known.get(key) != record[key]:
            raise InputError(f"{out}: holds a set of other {key}; name another --outdir")
    if _panel_hashes(known) != _panel_hashes(record):
        raise InputError(f"{out}: holds a set of a panel of other weights; name another --outdir")
    logging.getLogger("elpips").warning("%s: goes on with the set that is there", out)


def _panel_hashes(record: Mapping[str, Any]) -> list[list[str]]:
    return [[each["sha256"] for each in metric] for metric in record.get("panel", [])]
