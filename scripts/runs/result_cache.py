"""Results that take long, kept in a folder: what an interrupted command need not do again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ...metrics import InputError
from .files import plain, read_json, write_json


def cached_results(
    path: Path,
    identity: Mapping[str, Any],
    compute: Callable[[], Mapping[str, Any]],
    files: Sequence[Path] = (),
) -> dict[str, Any]:
    """Return the results in the file ``path``, or compute them and write them there.

    Parameters
    ----------
    path
        A JSON file. It is used if its identity is the one asked for, and else replaced.
    identity
        All that the results depend on.
    compute
        Returns the results; called where there are none.
    files
        Pictures that belong to the results, written by ``compute``; none may be missing.

    Returns
    -------
    dict
        As JSON holds it: tensors and tuples are lists, data classes dictionaries.
    """
    found = kept_results(path, identity, files)
    return keep_results(path, identity, compute()) if found is None else found


def kept_results(
    path: Path, identity: Mapping[str, Any], files: Sequence[Path] = ()
) -> dict[str, Any] | None:
    """Return what `cached_results` has kept; None where there is nothing, or of something else."""
    content = _read(path)
    if content.get("identity") != plain(identity) or not all(each.exists() for each in files):
        return None
    found: dict[str, Any] = content["results"]
    return found


def keep_results(
    path: Path, identity: Mapping[str, Any], results: Mapping[str, Any]
) -> dict[str, Any]:
    """Write results for `kept_results`, and return them as JSON holds them."""
    found: dict[str, Any] = plain(results)
    write_json(path, {"identity": plain(identity), "results": found})
    return found


def _read(path: Path) -> dict[str, Any]:
    try:
        content = read_json(path)
    except InputError:
        return {}
    sound = isinstance(content, dict) and isinstance(content.get("results"), dict)
    return content if sound else {}
