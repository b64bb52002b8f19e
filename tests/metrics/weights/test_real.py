"""The real files."""

from __future__ import annotations

import pytest

from elpips.metrics.recipes import RECIPES
from elpips.metrics.weights import load_linear, load_trunk, registry


@pytest.mark.weights
def test_real_vgg16_by_the_normal_order():
    weights = load_trunk("vgg16")
    assert weights.sha256 in {source.sha256 for source in registry.ASSETS["vgg16"].sources}
    first = weights.tensors["features.0.weight"]
    assert first.shape == (64, 3, 3, 3)
    # As in torchvision's vgg16(weights="IMAGENET1K_V1").
    assert first[0, 0, 0].tolist() == pytest.approx([-0.5537, 0.1427, 0.5290], abs=1e-4)


@pytest.mark.weights
def test_real_lpips_alex_linear_layers():
    weights = load_linear("lpips_alex")
    sums = [float(tensor.sum()) for tensor in weights.tensors.values()]
    assert sums == pytest.approx([2.3495, 16.1430, 39.2684, 27.1972, 20.3172], abs=1e-3)


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        (
            "elpips_vgg",
            [0.01, 1.64, 0.55, 0.02, 0.27, 1.02, 0.46, 0.46, 2.11, 2.84, 4.0, 6.71],
        ),
        ("elpips_squeeze_maxpool", []),
        ("lpips_vgg", [1.21, 0.31, 0.49, 6.47, 6.73]),
    ],
)
def test_real_authors_files(shared, metric, expected):
    linear = RECIPES[metric].linear
    weights = load_linear(metric, shared / "weights" / f"{linear}.npy")
    assert weights.calibration == f"E-LPIPS authors' {linear}"
    sums = [float(tensor.sum()) for tensor in weights.tensors.values()]
    assert len(sums) == len(RECIPES[metric].channels) and min(sums) > 0
    assert sums[: len(expected)] == pytest.approx(expected, abs=0.011)


def test_real_random_squeezenet(shared):
    weights = load_trunk("squeezenet1_1", shared / "goldens" / "squeezenet1_1_random.npz")
    assert weights.tensors["features.12.expand3x3.weight"].shape == (256, 64, 3, 3)
