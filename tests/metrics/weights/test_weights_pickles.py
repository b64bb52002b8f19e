"""Pickles and hashes: nothing unregistered is opened, nothing but arrays is made."""

from __future__ import annotations

import io
import pickle
import re
from hashlib import sha256

import numpy as np
import pytest
import torch

from elpips.metrics.weights import WeightsError, convert, load_linear, load_trunk, registry
from elpips.metrics.weights.unpickle import load_npy_dict, load_pickle


@pytest.mark.parametrize("protocol", [2, 3, 4])
@pytest.mark.parametrize("module", [b"numpy.core.multiarray", b"numpy._core.multiarray"])
def test_pickles_of_arrays_are_read_whatever_numpy_wrote_them(protocol, module):
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    data = pickle.dumps({"a": {"b": array.copy(order="F"), "c": [1, "x", None]}}, protocol)
    # Protocol 4 precedes names by their lengths: those stay as they are.
    if protocol < 4:
        data = re.sub(rb"numpy\._?core\.multiarray", module, data)
    content = load_pickle(io.BytesIO(data))
    np.testing.assert_array_equal(content["a"]["b"], array)
    assert content["a"]["c"] == [1, "x", None]


def test_authors_format_is_read(make):
    arrays = make.linear("lpips_alex", 0.25)
    content = load_npy_dict(io.BytesIO(make.npy(arrays)))
    assert content["lin1.model.1.weight"].shape == (1, 1, 192, 1)


@pytest.mark.parametrize("function", ["os.mkdir", "builtins.eval", "numpy.load"])
def test_malicious_pickle_is_refused(tmp_path, function, make):
    if function == "os.mkdir":
        data = pickle.dumps({"lin0": make.malicious(tmp_path / "owned")})
    else:
        module, name = function.split(".")
        data = f"c{module}\n{name}\n(Vx\ntR.".encode()
    with pytest.raises(WeightsError, match="refused a pickle"):
        load_pickle(io.BytesIO(data))
    assert not (tmp_path / "owned").exists()


def test_malicious_npy_is_refused_even_with_its_hash(tmp_path, folder, register, make):
    stream = io.BytesIO()
    np.save(stream, np.array({"lin0": make.malicious(tmp_path / "owned")}, dtype=object))
    register("vgg_full_avg", stream.getvalue())
    (folder / "vgg_full_avg.npy").write_bytes(stream.getvalue())
    with pytest.raises(WeightsError, match="refused a pickle"):
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
def test_damaged_pickles_are_errors_of_ours(data):
    for read in (load_pickle, load_npy_dict):
        with pytest.raises(WeightsError):
            read(io.BytesIO(data))


def test_hash_mismatch_names_found_and_expected_and_opens_nothing(folder, monkeypatch, make):
    data = make.npy(make.linear())
    (folder / "vgg_full_avg.npy").write_bytes(data)
    monkeypatch.setattr(convert, "load_npy_dict", lambda stream: pytest.fail("opened"))
    expected = registry.ASSETS["vgg_full_avg"].origins[0].sha256
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
