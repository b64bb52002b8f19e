"""Folders and files that runs write."""

from __future__ import annotations

import json
import math
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ...metrics import InputError
from ...metrics.claims import claim
from ...metrics.files import atomic_write, reason
from ...metrics.ownership import active_in, check_inputs


def prepare_outdir(
    path: str | os.PathLike[str],
    targets: Sequence[str] = (),
    inputs: Iterable[str | os.PathLike[str]] = (),
    *,
    resume: bool = True,
) -> Path:
    """Make a folder, parents included, check that files can be written in it, and hold it.

    No other process writes there until the command ends, and what no run of ours has written
    is neither replaced nor removed.

    Parameters
    ----------
    path
        The folder.
    targets
        Names in it that will be written, folders with a "/" at the end.
    inputs
        Files and folders that will be read.
    resume
        Whether files of the run before belong to this one.

    Raises
    ------
    InputError
        In one line: why not.
    """
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"\0")
    except FileExistsError:
        raise InputError(f"{folder}: is a file; expected a folder to write to") from None
    except (OSError, ValueError) as error:
        why = reason(error) if isinstance(error, OSError) else error
        raise InputError(
            f"{folder}: cannot be written to ({why}); name another --outdir"
        ) from error
    owned = claim(folder, resume=resume)
    check_inputs(folder, targets, inputs)
    owned.check(targets)
    return folder


def writes(names: Sequence[str], resume: bool) -> list[str]:
    """Return which of the names in a folder a run writes anew: a resumed one not its inputs."""
    return [name for name in names if not (resume and name == "inputs/")]


def is_result(path: Path, folder: Path) -> bool:
    """Whether a file is one that a run has written into a folder that is held."""
    owned = active_in(folder)
    return owned is not None and owned.owns(path)


def is_of_this_run(path: Path) -> bool:
    """Whether a file is there, and not of a run before the one that is gone on with."""
    owned = active_in(path)
    if owned is None or not path.exists():
        return path.exists()
    return owned.last.get(owned.name_of(path) or "", owned.run) == owned.run


def remove_earlier(folder: Path, renewed: Sequence[str] = ()) -> None:
    """Remove what earlier runs left in a folder that is held, and this one did not write.

    Of the targets ``renewed``, which a run writes whenever it ends, that holds also for what it
    wrote before it was gone on with.
    """
    if owned := active_in(folder):
        owned.remove_earlier(renewed)


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write ``content`` atomically; numbers that JSON lacks (NaN, infinity) become null."""
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps(plain(content), indent=2, allow_nan=False) + "\n")


def plain(value: Any) -> Any:
    """Return ``value`` as JSON knows it: dataclasses, tensors, paths and tuples unfolded."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, Tensor):
        return plain(value.tolist())
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (Path, torch.device)):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def read_json(path: Path) -> Any:
    """Return what a JSON file holds.

    Raises
    ------
    InputError
        In one line: it cannot be read, is no JSON, or is nested too deeply.
    """
    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({reason(error)})") from error
    except (ValueError, RecursionError):
        raise InputError(f"{path}: is no JSON that can be read") from None
