"""An unpickler that can make numpy arrays and plain containers, and nothing else."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy

from .types import WeightsError


def _reconstruct(kind: type, shape: tuple[int, ...], code: bytes) -> np.ndarray[Any, Any]:
    if kind is not np.ndarray:
        raise pickle.UnpicklingError(f"an array of type {kind!r}")
    dtype: np.dtype[Any] = np.dtype(code.decode("ascii") if isinstance(code, bytes) else code)
    array: np.ndarray[Any, Any] = np.ndarray(shape, dtype)
    return array


def _dtype(code: str, align: object = False, copy: object = False) -> np.dtype[Any]:
    # Files of Python 2's age pass 0 and 1, of which numpy >= 2.4 warns.
    return np.dtype(code, align=bool(align), copy=bool(copy))


def _encode(text: str, encoding: str) -> bytes:
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"text in {encoding!r}")
    return text.encode("latin1")


# Our own functions in place of numpy's: the private modules that pickles name have moved.
_ADMITTED: dict[tuple[str, str], Callable[..., Any]] = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): _dtype,
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
    ("_codecs", "encode"): _encode,
}


class _ArrayUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ADMITTED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"{module}.{name}") from None


def load_pickle(stream: BinaryIO) -> Any:
    """Read a pickle of numpy arrays in plain containers.

    Open only streams whose SHA-256 is registered all the same: this is the second door.

    Raises
    ------
    WeightsError
        If the pickle is damaged or asks for anything but arrays; nothing of it has run then.
    """
    try:
        return _ArrayUnpickler(stream).load()
    except pickle.UnpicklingError as error:
        raise WeightsError(
            f"refused a pickle that is damaged or holds more than numpy arrays: {error}"
        ) from None
    # A damaged pickle can make any of these out of a wrong opcode.
    except (EOFError, ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise WeightsError(f"damaged pickle: {type(error).__name__}: {error}") from None


def load_npy_dict(stream: BinaryIO) -> dict[str, Any]:
    """Read a dictionary of arrays that ``numpy.save`` wrote as a 0-d object array.

    Raises
    ------
    WeightsError
        If the stream is something else, or as `load_pickle`.
    """
    try:
        version = npy.read_magic(stream)
        if version != (1, 0):
            raise ValueError(f"format version {version}, expected (1, 0)")
        shape, _, dtype = npy.read_array_header_1_0(stream)
    except ValueError as error:
        raise WeightsError(f"not the .npy file expected: {error}") from None
    if shape != () or not dtype.hasobject:
        raise WeightsError(f"the .npy file holds {dtype} of shape {shape}; expected one dictionary")
    content = load_pickle(stream)
    # numpy pickles the 0-d array itself; its only element is the dictionary.
    if isinstance(content, np.ndarray) and content.shape == ():
        content = content.item()
    if not isinstance(content, dict):
        raise WeightsError(f"the .npy file holds a {type(content).__name__}; expected a dictionary")
    return content
