"""What is read: tensors that fit; of pickles nothing unregistered, and nothing but arrays."""

from __future__ import annotations

import io
import pickle
import re
from hashlib import sha256

import numpy as np
import pytest
import safetensors.torch
import torch

from elpips.metrics.weights import WeightsError, load_linear, load_trunk, read, registry
from elpips.metrics.weights.read import _ArrayUnpickler


@pytest.mark.parametrize("trunk", ["alexnet", "squeezenet1_1"])
@pytest.mark.parametrize("prefix", ["", "features."])
def test_npz_kernels_are_transposed(tmp_path, trunk, prefix, make):
    arrays = make.trunk(trunk)
    hwio = {
        prefix + k.removeprefix("features."): v.transpose(2, 3, 1, 0) if v.ndim == 4 else v
        for k, v in arrays.items()
    }
    np.savez(tmp_path / "t.npz", **hwio)
    weights = load_trunk(trunk, tmp_path / "t.npz")
    assert weights.tensors.keys() == arrays.keys()
    for name, tensor in weights.tensors.items():
        np.testing.assert_array_equal(tensor.numpy(), arrays[name])
    assert weights.sha256 == sha256((tmp_path / "t.npz").read_bytes()).hexdigest()
    assert weights.source == str(tmp_path / "t.npz")
    assert weights.calibration is None


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_safetensors_become_float32(tmp_path, dtype, make):
    arrays = make.trunk()
    path = make.safetensors(tmp_path / "any.safetensors", arrays, dtype)
    weights = load_trunk("squeezenet1_1", path)
    assert {t.dtype for t in weights.tensors.values()} == {torch.float32}
    for name, tensor in weights.tensors.items():
        assert torch.equal(tensor, torch.from_numpy(arrays[name]).to(dtype).float())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: a.pop("features.0.bias"), "features_0_bias"),
        (
            lambda a: a.update({"features.0.bias": np.zeros(3, np.float32)}),
            "do not fit squeezenet1_1",
        ),
        (lambda a: a["features.0.bias"].fill(np.nan), "not finite"),
        (lambda a: a["features.12.expand3x3.weight"].fill(np.inf), "not finite"),
    ],
)
def test_trunk_that_does_not_fit_is_refused(tmp_path, change, message, make):
    arrays = make.trunk()
    change(arrays)
    with pytest.raises(WeightsError, match=message):
        load_trunk("squeezenet1_1", make.safetensors(tmp_path / "t.safetensors", arrays))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: a["lin3"].__setitem__(7, -1e-3), "lin3.*negative weight -0.001"),
        (lambda a: a.pop("lin13"), "the linear weights are .*lin13"),
        (lambda a: a.update(lin14=np.zeros(5, np.float32)), "the linear weights are .*lin14"),
        (
            lambda a: a.update(lin0=np.zeros(4, np.float32)),
            "the linear weights are .*'lin0': 4.*expected .*'lin0': 3",
        ),
        (lambda a: a["lin0"].fill(np.nan), "not finite"),
    ],
)
def test_linear_layers_that_do_not_fit_are_refused(tmp_path, change, message, make):
    arrays = make.linear()
    change(arrays)
    with pytest.raises(WeightsError, match=message):
        load_linear("elpips_vgg", make.safetensors(tmp_path / "t.safetensors", arrays))


def test_user_linear_layers_name_their_calibration(tmp_path, make):
    arrays = {k: torch.from_numpy(v) for k, v in make.linear("lpips_alex").items()}
    path = tmp_path / "mine.safetensors"
    safetensors.torch.save_file(arrays, path)
    assert load_linear("lpips_alex", path).calibration == "user file mine.safetensors"
    safetensors.torch.save_file(arrays, path, {"calibration": "trained on noise"})
    assert load_linear("lpips_alex", path).calibration == "trained on noise"


@pytest.mark.parametrize("protocol", [2, 3, 4])
@pytest.mark.parametrize("module", [b"numpy.core.multiarray", b"numpy._core.multiarray"])
def test_pickles_of_arrays_are_read_whatever_numpy_wrote_them(protocol, module):
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    data = pickle.dumps({"a": {"b": array.copy(order="F"), "c": [1, "x", None]}}, protocol)
    # Protocol 4 precedes names by their lengths: those stay as they are.
    if protocol < 4:
        data = re.sub(rb"numpy\._?core\.multiarray", module, data)
    content = _ArrayUnpickler(io.BytesIO(data)).load()
    np.testing.assert_array_equal(content["a"]["b"], array)
    assert content["a"]["c"] == [1, "x", None]


@pytest.mark.parametrize("function", ["os.mkdir", "builtins.eval", "numpy.load"])
def test_malicious_pickle_is_refused(tmp_path, function, make):
    if function == "os.mkdir":
        data = pickle.dumps({"lin0": make.malicious(tmp_path / "owned")})
    else:
        module, name = function.split(".")
        data = f"c{module}\n{name}\n(Vx\ntR.".encode()
    with pytest.raises(pickle.UnpicklingError, match="refused"):
        _ArrayUnpickler(io.BytesIO(data)).load()
    assert not (tmp_path / "owned").exists()


def test_malicious_npy_is_refused_even_with_its_hash(tmp_path, folder, register, make):
    stream = io.BytesIO()
    np.save(stream, np.array({"lin0": make.malicious(tmp_path / "owned")}, dtype=object))
    register("vgg_full_avg", stream.getvalue())
    (folder / "vgg_full_avg.npy").write_bytes(stream.getvalue())
    with pytest.raises(WeightsError, match="refused"):
        load_linear("elpips_vgg")
    assert not (tmp_path / "owned").exists()


def test_malicious_pth_is_refused_even_with_its_hash(tmp_path, folder, register, make):
    stream = io.BytesIO()
    torch.save({"features.0.weight": make.malicious(tmp_path / "owned")}, stream)
    register("squeezenet1_1", stream.getvalue())
    (folder / "squeezenet1_1-b8a52dc0.pth").write_bytes(stream.getvalue())
    with pytest.raises(WeightsError, match=r"cannot read squeezenet1_1-b8a52dc0.pth"):
        load_trunk("squeezenet1_1")
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize("data", [b"", b"\x80\x02", b"\x93NUMPY\x01\x00", b"garbage" * 9])
def test_damaged_pickles_are_errors_of_ours(folder, register, data):
    for name, file, load in (
        ("vgg_full_avg", "vgg_full_avg.npy", lambda: load_linear("elpips_vgg")),
        ("alexnet", "alexnet.ckpt", lambda: load_trunk("alexnet")),
    ):
        register(name, data)
        (folder / file).write_bytes(data)
        with pytest.raises(WeightsError, match=f"cannot read {file}") as caught:
            load()
        assert "\n" not in str(caught.value)


def test_hash_mismatch_names_found_and_expected_and_opens_nothing(folder, monkeypatch, make):
    data = make.npy(make.linear())
    (folder / "vgg_full_avg.npy").write_bytes(data)
    monkeypatch.setitem(read._READERS, ".npy", lambda *_: pytest.fail("opened"))
    expected = registry.ASSETS["vgg_full_avg"].sources[0].sha256
    with pytest.raises(WeightsError) as caught:
        load_linear("elpips_vgg")
    message = str(caught.value)
    assert sha256(data).hexdigest() in message and expected in message
    assert "vgg_full_avg.npy" in message and "\n" not in message


def test_explicit_pickle_needs_a_registered_hash_under_any_name(tmp_path, register, make):
    data = make.npy(make.linear("lpips_vgg", 0.5))
    path = tmp_path / "renamed.npy"
    path.write_bytes(data)
    with pytest.raises(WeightsError, match="SHA-256"):
        load_linear("lpips_vgg", path)
    register("vgg_maxpool", data)
    weights = load_linear("lpips_vgg", path)
    assert weights.calibration == "E-LPIPS authors' vgg_maxpool"
    assert weights.name == "lpips_vgg" and weights.source == str(path)
    with pytest.raises(WeightsError, match="SHA-256"):
        load_linear("elpips_vgg", path)


@pytest.mark.parametrize("legacy", [False, True])
def test_torchvision_file_is_read_without_its_classifier(folder, register, legacy, make):
    arrays = make.trunk()
    extra = {"classifier.1.weight": np.ones((3, 3), np.float32)}
    data = make.pth(arrays | extra, _use_new_zipfile_serialization=not legacy)
    register("squeezenet1_1", data)
    (folder / "squeezenet1_1-b8a52dc0.pth").write_bytes(data)
    weights = load_trunk("squeezenet1_1")
    assert weights.tensors.keys() == arrays.keys()
    assert weights.sha256 == sha256(data).hexdigest()
