"""Folders and files that runs write."""

from __future__ import annotations

import json
import math
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ...metrics import InputError
from ...metrics.files import atomic_write


def prepare_outdir(path: str | os.PathLike[str]) -> Path:
    """Make a folder, parents included, and check that files can be written in it.

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
    except OSError as error:
        raise InputError(
            f"{folder}: cannot be written to ({error.strerror or error}); name another --outdir"
        ) from error
    return folder


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
