"""The user cache: whole files or none, checked at every load; what failed is remembered."""

from __future__ import annotations

import os
import threading
import time

import numpy as np
import pytest

from elpips.metrics.weights import cache, load_linear, load_trunk, registry


def test_cached_copy_is_equal(cached, make):
    weights = load_trunk("squeezenet1_1")
    arrays = make.trunk()
    assert weights.source.startswith("user cache (https://")
    assert weights.tensors.keys() == arrays.keys()
    for name, tensor in weights.tensors.items():
        np.testing.assert_array_equal(tensor.numpy(), arrays[name])
    assert len(cached[1]) == 1


def test_cached_linear_layers_are_in_order(register, serve, make):
    data = make.npy(make.linear("elpips_squeeze_maxpool") | make.linear("elpips_vgg"))
    register("vgg_full_avg", data)
    serve({"vgg_full_avg.npy": data})
    for source in ("https", "user cache"):
        weights = load_linear("elpips_vgg")
        assert weights.source.startswith(source)
        assert list(weights.tensors) == [f"lin{i}" for i in range(14)]


def truncate(data: bytes) -> bytes:
    return data[:-100]


def flip(data: bytes) -> bytes:
    return data[:-40] + bytes([data[-40] ^ 1]) + data[-39:]


def change_origin(data: bytes) -> bytes:
    asset = registry.ASSETS["squeezenet1_1"]
    return data.replace(asset.sources[0].sha256.encode(), b"0" * 64)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (truncate, "damaged safetensors"),
        (flip, "digest"),
        (change_origin, "not registered"),
        (lambda data: b"", "damaged safetensors"),
    ],
)
def test_a_damaged_copy_is_told_and_got_again(cached, damage, message, noticed):
    path, requests = cached
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    assert path.read_bytes() != whole
    assert load_trunk("squeezenet1_1").source.startswith("https://")
    assert len(requests) == 2
    (notice,) = noticed()
    assert message in notice and str(path) in notice and "\n" not in notice
    assert load_trunk("squeezenet1_1").source.startswith("user cache")
    assert len(noticed()) == 1


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


def test_readers_see_whole_files_while_others_write(cached, noticed):
    path, requests = cached
    weights = load_trunk("squeezenet1_1")
    done = threading.Event()

    def write() -> None:
        while not done.is_set():
            cache.store(weights)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        loaded = [cache.load(registry.ASSETS["squeezenet1_1"]) for _ in range(20)]
    finally:
        done.set()
        writer.join()
    assert None not in loaded and not noticed() and len(requests) == 1
    assert [child.name for child in path.parent.iterdir()] == [path.name]


def test_unusable_cache_folder_is_no_obstacle(
    monkeypatch, tmp_path, register, serve, make, noticed
):
    (tmp_path / "file").touch()
    monkeypatch.setenv("ELPIPS_CACHE", str(tmp_path / "file" / "cache"))
    data = make.pth(make.trunk())
    register("squeezenet1_1", data)
    serve({"squeezenet1_1-b8a52dc0.pth": data})
    assert load_trunk("squeezenet1_1").source.startswith("https://")
    assert any("could not keep" in message for message in noticed())


def test_a_failure_is_remembered_for_a_day():
    assert cache.recent_failure("squeeze") is None
    cache.note_failure("squeeze", "because")
    assert str(cache.recent_failure("squeeze")).startswith("because (at 2")
    (note,) = cache.cache_dir().iterdir()
    for when, remembered in ((-cache.RETRY_SECONDS + 60, True), (-cache.RETRY_SECONDS - 1, False)):
        os.utime(note, (time.time() + when,) * 2)
        assert (cache.recent_failure("squeeze") is not None) is remembered
    cache.note_failure("squeeze", "again")
    assert cache.recent_failure("squeeze") is not None
    cache.note_failure("squeeze", None)
    assert cache.recent_failure("squeeze") is None and not note.exists()


def test_a_garbled_note_is_ignored():
    cache.note_failure("squeeze", "because")
    (note,) = cache.cache_dir().iterdir()
    note.write_bytes(b"\xff\xfe")
    assert cache.recent_failure("squeeze") is None


def test_downloads_are_in_the_cache_and_leave_nothing_there(tmp_path, monkeypatch):
    monkeypatch.setenv("ELPIPS_CACHE", str(tmp_path / "cache"))
    with cache.scratch() as one:
        assert os.path.dirname(one) == str(tmp_path / "cache")
    left = tmp_path / "cache" / "elpips-download-of-a-kill"
    left.mkdir()
    with cache.scratch():
        assert left.is_dir()
    os.utime(left, (0, 0))
    with cache.scratch():
        assert not left.exists()
    assert list((tmp_path / "cache").iterdir()) == []


def test_without_a_cache_downloads_are_elsewhere(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("ELPIPS_CACHE", str(tmp_path / "file"))
    with cache.scratch() as folder:
        assert os.path.isdir(folder)
