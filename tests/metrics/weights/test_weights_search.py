"""Search order and the user cache."""

from __future__ import annotations

import os
from hashlib import sha256

import numpy as np
import pytest
import torch

from elpips.metrics.weights import (
    UnavailableError,
    WeightsError,
    cache,
    fetch,
    inventory,
    load_linear,
    load_trunk,
    registry,
)


def test_search_order(tmp_path, folder, register, serve, make):
    data = {v: make.npy(make.linear("elpips_squeeze_maxpool", v)) for v in (1.0, 2.0)}
    name, metric = "squeeze_full_maxpool", "elpips_squeeze_maxpool"
    mine = make.safetensors(tmp_path / "mine.safetensors", make.linear(metric, 3.0))
    register(name, data[1.0])
    requests = serve({f"{name}.npy": data[1.0]})

    assert load_linear(metric).source == "E-LPIPS authors' repository"
    assert requests == [f"{name}.npy"]
    again = load_linear(metric)
    assert again.source == "user cache (E-LPIPS authors' repository)"
    assert again.sha256 == sha256(data[1.0]).hexdigest()
    assert again.calibration == "E-LPIPS authors' squeeze_full_maxpool"

    register(name, data[2.0])
    (folder / f"{name}.npy").write_bytes(data[2.0])
    from_folder = load_linear(metric)
    assert from_folder.source == str(folder / f"{name}.npy")
    assert from_folder.tensors["lin0"].tolist() == [2.0, 2.0, 2.0]

    assert load_linear(metric, mine).tensors["lin0"].tolist() == [3.0, 3.0, 3.0]
    assert load_linear(metric, folder).source == str(folder / f"{name}.npy")
    assert requests == [f"{name}.npy"]


@pytest.mark.parametrize("stem", ["squeezenet1_1", "squeeze", "lpips_squeeze"])
def test_own_safetensors_in_the_folder_come_first(folder, stem, make):
    if stem == "squeezenet1_1":
        path = make.safetensors(folder / f"{stem}.safetensors", make.trunk(), torch.float16)
        weights = load_trunk("squeezenet1_1")
    else:
        (folder / "squeeze.npy").write_bytes(b"never opened")
        path = make.safetensors(folder / f"{stem}.safetensors", make.linear("lpips_squeeze"))
        weights = load_linear("lpips_squeeze")
    assert weights.source == str(path)


def test_missing_folder_says_so(monkeypatch, tmp_path):
    monkeypatch.setenv("ELPIPS_WEIGHTS", str(tmp_path / "nowhere"))
    for call in (lambda: load_trunk("vgg16"), lambda: load_linear("elpips_vgg"), inventory, fetch):
        with pytest.raises(WeightsError, match=r"ELPIPS_WEIGHTS.*nowhere.*does not exist"):
            call()


def test_missing_explicit_path_is_an_error(tmp_path):
    with pytest.raises(WeightsError, match="there is no file"):
        load_trunk("vgg16", tmp_path / "none.safetensors")
    with pytest.raises(WeightsError, match=r"has no weights of vgg16; expected vgg16.ckpt"):
        load_trunk("vgg16", tmp_path)


def test_unavailable_trunk_says_what_was_tried_and_what_to_do(folder):
    with pytest.raises(UnavailableError) as caught:
        load_trunk("vgg16")
    for part in ("no network in tests", "vgg16.ckpt or vgg16-397923af.pth", "ELPIPS_WEIGHTS"):
        assert part in str(caught.value)
    assert not (cache.cache_dir() / "attempts.json").exists()


def test_cached_copy_is_equal(cached, make):
    weights = load_trunk("squeezenet1_1")
    arrays = make.trunk()
    assert weights.source == "user cache (torchvision's download)"
    for name, tensor in weights.tensors.items():
        np.testing.assert_array_equal(tensor.numpy(), arrays[name])
    assert len(cached[1]) == 1


def truncate(data: bytes) -> bytes:
    return data[:-100]


def flip(data: bytes) -> bytes:
    return data[:-40] + bytes([data[-40] ^ 1]) + data[-39:]


def change_origin(data: bytes) -> bytes:
    asset = registry.ASSETS["squeezenet1_1"]
    return data.replace(asset.origins[0].sha256.encode(), b"0" * 64)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (truncate, "damaged safetensors"),
        (flip, "digest"),
        (change_origin, "not registered"),
        (lambda data: b"", "damaged safetensors"),
    ],
)
def test_damaged_cache_is_removed_and_got_again(cached, damage, message, noticed):
    path, requests = cached
    path.write_bytes(damage(path.read_bytes()))
    weights = load_trunk("squeezenet1_1")
    assert weights.source == "torchvision's download"
    assert len(requests) == 2
    assert len(noticed()) == 1 and message in noticed()[0]
    assert load_trunk("squeezenet1_1").source == "user cache (torchvision's download)"


def test_a_failed_write_leaves_nothing_behind(cached, monkeypatch, noticed):
    path, _ = cached
    whole = path.read_bytes()
    weights = load_trunk("squeezenet1_1")

    def fail(*args):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fail)
    cache.store(weights)
    assert [child.name for child in path.parent.iterdir()] == [path.name]
    assert path.read_bytes() == whole
    assert "disk full" in noticed()[0]


def test_unusable_cache_folder_is_no_obstacle(
    monkeypatch, tmp_path, register, serve, make, noticed
):
    (tmp_path / "file").touch()
    monkeypatch.setenv("ELPIPS_CACHE", str(tmp_path / "file" / "cache"))
    data = make.pth(make.trunk())
    register("squeezenet1_1", data)
    serve({"squeezenet1_1-b8a52dc0.pth": data})
    assert load_trunk("squeezenet1_1").source == "torchvision's download"
    assert any("could not keep" in message for message in noticed())


def test_garbled_attempts_are_ignored():
    cache.note_failure("vgg_full_avg", "because")
    assert "because" in str(cache.recent_failure("vgg_full_avg"))
    path = cache.cache_dir() / "attempts.json"
    for text in ("{", "[]", '{"vgg_full_avg": 3}', '{"vgg_full_avg": {"time": "now"}}'):
        path.write_text(text)
        assert cache.recent_failure("vgg_full_avg") is None
