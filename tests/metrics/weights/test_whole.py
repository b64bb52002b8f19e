"""R-LPIPS files: network and linear layers in one, and neither passed over."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
import safetensors.torch
import torch

from elpips.metrics import create_metric
from elpips.metrics.recipes import CHANNELS
from elpips.metrics.weights import WeightsError, load_linear, load_parts, read_whole
from elpips.metrics.weights.whole import _official_names

METRIC = "rlpips_alex"


@pytest.fixture
def official(make) -> dict[str, torch.Tensor]:
    """Return a state dictionary with the keys of the released checkpoints, aliases included."""
    rng = torch.Generator().manual_seed(0)
    state = {
        _official_names(METRIC)[name]: torch.randn(value.shape, generator=rng) / 10
        for name, value in make.trunk("alexnet").items()
    }
    for index, count in enumerate(CHANNELS[METRIC]):
        weights = torch.rand(1, count, 1, 1, generator=rng)
        state[f"lin{index}.model.1.weight"] = state[f"lins.{index}.model.1.weight"] = weights
    return state


@pytest.fixture
def file(official, tmp_path: Path) -> Path:
    torch.save(official, tmp_path / "latest_net_linf_ref.pth")
    return tmp_path / "latest_net_linf_ref.pth"


def test_keys_are_those_of_the_release(official) -> None:
    shapes = {key: tuple(value.shape) for key, value in official.items()}
    assert shapes["net.slice1.0.weight"] == (64, 3, 11, 11)
    assert shapes["net.slice4.8.weight"] == (256, 384, 3, 3)
    assert shapes["net.slice5.10.bias"] == (256,)
    assert shapes["lins.4.model.1.weight"] == (1, 256, 1, 1)
    assert len(shapes) == 10 + 5 + 5


@pytest.mark.parametrize("option", [("trunk",), ("linear",), ("trunk", "linear")])
def test_one_file_gives_network_and_linear_layers(official, file: Path, option) -> None:
    metric = create_metric(METRIC, **dict.fromkeys(option, file))
    assert torch.equal(metric.trunk.features_8_weight, official["net.slice4.8.weight"])
    assert torch.equal(metric.root2.flatten(), official["lin2.model.1.weight"].flatten().sqrt())
    assert [each.source for each in metric.pretrained] == [str(file)] * 2
    assert metric.pretrained[1].calibration == "user file latest_net_linf_ref.pth"


def test_distances_are_those_of_the_lpips_package_with_these_weights(official, file) -> None:
    metric = create_metric(METRIC, linear=file)
    rng = torch.Generator().manual_seed(1)
    x, y = torch.rand(2, 2, 3, 40, 48, generator=rng)
    torch.testing.assert_close(metric(x, y), lpips_distance(official, x, y), rtol=1e-5, atol=1e-6)
    # And not those of other networks: the tuned one is used.
    other = {**official, "net.slice3.6.weight": official["net.slice3.6.weight"].flip(0)}
    assert not torch.allclose(metric(x, y), lpips_distance(other, x, y), rtol=1e-3)


def lpips_distance(state, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """LPIPS v0.1 as its own class computes it, from [0, 1]."""
    models = pytest.importorskip("torchvision").models
    features = models.alexnet().features.eval()
    names = {key: key.split(".", 2)[2] for key in state if key.startswith("net.")}
    features.load_state_dict({name: state[key] for key, name in names.items()})
    shift = torch.tensor([-0.030, -0.088, -0.188])[:, None, None]
    scale = torch.tensor([0.458, 0.448, 0.450])[:, None, None]
    total = 0.0
    layers = []
    for image in (x, y):
        image, found = (2 * image - 1 - shift) / scale, []
        for index, layer in enumerate(features[:12]):
            image = layer(image)
            if index in (1, 4, 7, 9, 11):
                found.append(image / (image.square().sum(1, keepdim=True).sqrt() + 1e-10))
                image = image.clone()
        layers.append(found)
    for index, (a, b) in enumerate(zip(*layers, strict=True)):
        weighted = (a - b).square() * state[f"lin{index}.model.1.weight"]
        total = total + weighted.sum(1).mean((1, 2))
    return total


def test_a_file_in_the_users_folder_is_taken(file: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("ELPIPS_WEIGHTS", str(tmp_path))
    file.rename(tmp_path / f"{METRIC}.pth")
    trunk, linear = load_parts(METRIC)
    assert trunk.source == linear.source == str(tmp_path / f"{METRIC}.pth")


def test_ours_are_safetensors_of_both(official, file: Path, tmp_path: Path) -> None:
    trunk, linear = read_whole(file, METRIC)
    ours = tmp_path / "ours.safetensors"
    tensors = trunk.tensors | linear.tensors
    safetensors.torch.save_file(tensors, ours, {"calibration": "test's own"})
    again = read_whole(ours, METRIC)
    assert again[1].calibration == "test's own"
    for made, found in zip((trunk, linear), again, strict=True):
        assert made.tensors.keys() == found.tensors.keys()
        assert all(torch.equal(made.tensors[name], found.tensors[name]) for name in made.tensors)
    tensors.pop("features.6.bias")
    safetensors.torch.save_file(tensors, ours)
    with pytest.raises(WeightsError, match=r"ours.safetensors: lacks features.6.bias"):
        read_whole(ours, METRIC)
    # One part only is for the loaders of that part.
    safetensors.torch.save_file(linear.tensors, ours)
    assert read_whole(ours, METRIC) is None


def test_the_lpips_package_adds_its_scaling(official, tmp_path: Path) -> None:
    official["scaling_layer.shift"] = torch.tensor([-0.030, -0.088, -0.188]).view(1, 3, 1, 1)
    official["scaling_layer.scale"] = torch.tensor([0.458, 0.448, 0.450]).view(1, 3, 1, 1)
    torch.save(official, tmp_path / "a.pth")
    assert read_whole(tmp_path / "a.pth", METRIC) is not None
    official["scaling_layer.scale"] = torch.ones(1, 3, 1, 1)
    torch.save(official, tmp_path / "a.pth")
    with pytest.raises(WeightsError, match="scale is not LPIPS"):
        read_whole(tmp_path / "a.pth", METRIC)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda s: s.pop("net.slice2.3.weight"), r"lacks net.slice2.3.weight"),
        (
            lambda s: [s.pop(k) for k in [*s] if k.startswith("net.")],
            r"lacks net.slice1.0.bias, .* \.\.\.",
        ),
        (
            lambda s: s.update({"net.slice6.12.weight": torch.ones(1)}),
            "unknown net.slice6.12.weight",
        ),
        (lambda s: s.update({"lins.0.model.1.weight": torch.ones(1, 64, 1, 1)}), "differ"),
        (lambda s: s.update({"lins.5.model.1.weight": torch.ones(1)}), "unknown lins.5"),
        (lambda s: s.update({"net.slice1.0.weight": torch.ones(64, 5, 3, 3)}), "do not fit"),
        (lambda s: s.update({"epoch": 3}), "expected a flat dictionary of tensors"),
        (
            lambda s: [
                s.update({k: -torch.ones(1, 64, 1, 1)})
                for k in ("lin0.model.1.weight", "lins.0.model.1.weight")
            ],
            "lin0 has the negative weight",
        ),
    ],
)
def test_what_does_not_fit_is_refused_by_name(official, tmp_path: Path, change, match) -> None:
    change(official)
    torch.save(official, tmp_path / "bad.pth")
    with pytest.raises(WeightsError, match=match):
        create_metric(METRIC, linear=tmp_path / "bad.pth")


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.safetensors").write_bytes(b"12345")
    with pytest.raises(WeightsError, match=r"bad\.safetensors: damaged safetensors: "):
        read_whole(tmp_path / "bad.safetensors", METRIC)


def test_classes_are_refused_unopened(official, tmp_path: Path, make) -> None:
    trap = tmp_path / "made"
    torch.save({**official, "x": make.malicious(trap)}, tmp_path / "bad.pth")
    with pytest.raises(WeightsError, match="no state dictionary can be read"):
        read_whole(tmp_path / "bad.pth", METRIC)
    (tmp_path / "bad.pt").write_bytes(pickle.dumps(make.malicious(trap)))
    with pytest.raises(WeightsError, match="no state dictionary can be read"):
        read_whole(tmp_path / "bad.pt", METRIC)
    assert not trap.exists()


def test_a_metric_of_which_no_weights_come_along_says_so() -> None:
    with pytest.raises(WeightsError, match="no calibration of 'rlpips_vgg' comes along; give"):
        load_linear("rlpips_vgg")
    assert _official_names("rlpips_vgg")["features.28.bias"] == "net.slice5.28.bias"


def test_other_metrics_take_no_such_file(file: Path) -> None:
    with pytest.raises(WeightsError, match="SHA-256"):
        load_linear("lpips_alex", file)
