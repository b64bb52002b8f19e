"""Fields of a case, checked: of its JSON object, and of the arrays beside it."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ...metrics import InputError

Arrays = Mapping[str, npt.NDArray[Any]]

# What numpy raises on damaged files.
_UNREADABLE = (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error)


def read_arrays(path: Path) -> Arrays:
    """Read the arrays of an .npz file by name; raises `InputError` where they cannot be read."""
    try:
        # Opened here, since numpy leaves damaged files open.
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
            return dict(stored)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; expected the arrays of the cases") from None
    # What is no .npz at all is taken for a pickle, which is refused with a ValueError; a
    # single array has no context manager.
    except (*_UNREADABLE, TypeError, AttributeError):
        raise InputError(f"{path}: is not a readable .npz file") from None


def text_of(entry: Mapping[str, Any], key: str) -> str:
    """Return a text of a JSON object."""
    value = entry.get(key)
    if not isinstance(value, str):
        raise InputError(f"{key}: found {value!r}, expected text")
    return value


def integer_of(entry: Mapping[str, Any], key: str, least: int = 0) -> int:
    """Return an integer of a JSON object."""
    value = entry.get(key)
    if not isinstance(value, int) or value < least:
        raise InputError(f"{key}: found {value!r}, expected an integer of at least {least}")
    return value


def optional_of(arrays: Arrays, name: str, shape: tuple[int | None, ...]) -> Tensor | None:
    """Return an array as `array_of` does, None where there is none."""
    return array_of(arrays, name, shape) if name in arrays else None


def array_of(arrays: Arrays, name: str, shape: tuple[int | None, ...]) -> Tensor:
    """Return a non-empty array of numbers, float64; None in ``shape`` stands for any size.

    Raises
    ------
    InputError
        There is none, or it is of another shape or of no numbers.
    """
    if name not in arrays:
        raise InputError(f"there is no array {name}")
    array = arrays[name]
    fits = array.ndim == len(shape) and all(
        size == expected or (expected is None and size > 0)
        for size, expected in zip(array.shape, shape, strict=True)
    )
    if not fits or array.dtype.kind not in "fiub":
        expected = ", ".join("any" if size is None else str(size) for size in shape)
        raise InputError(
            f"the array {name} is {array.dtype} of shape {array.shape}, expected numbers of "
            f"shape ({expected})"
        )
    return torch.from_numpy(array.astype(np.float64))
