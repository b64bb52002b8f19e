"""Names, shapes, number types and signs of the tensors."""

from __future__ import annotations

from hashlib import sha256

import numpy as np
import pytest
import safetensors.torch
import torch

from elpips.metrics.weights import WeightsError, layout, load_linear, load_trunk


@pytest.mark.parametrize(
    ("trunk", "count"), [("vgg16", 14_714_688), ("alexnet", 2_469_696), ("squeezenet1_1", 722_496)]
)
def test_shapes_have_torchvision_parameter_counts(trunk, count):
    assert sum(int(np.prod(shape)) for shape in layout.SHAPES[trunk].values()) == count


def test_elpips_vgg_has_the_input_and_every_convolution():
    outputs = [layout.SHAPES["vgg16"][f"{n}.bias"][0] for n in layout.CONVOLUTIONS["vgg16"]]
    assert layout.CHANNELS["elpips_vgg"] == (3, *outputs)


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
        (lambda a: a.pop("features.0.bias"), "no 'features.0.bias'"),
        (lambda a: a.update({"features.0.bias": np.zeros(3, np.float32)}), r"is \(3,\).*\(64,\)"),
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
        (lambda a: a.pop("lin13"), "expected lin0 to lin13"),
        (lambda a: a.update(lin14=np.zeros(5, np.float32)), "expected lin0 to lin13"),
        (lambda a: a.update(lin0=np.zeros(4, np.float32)), "lin0 has 4 weights; expected 3"),
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


@pytest.mark.parametrize(
    "load", [lambda: load_trunk("resnet18"), lambda: load_linear("lpips_resnet")]
)
def test_unknown_names_are_refused_with_the_known_ones(load):
    with pytest.raises(WeightsError, match=r"resnet.*expected one of .*(vgg16|lpips_vgg)"):
        load()
