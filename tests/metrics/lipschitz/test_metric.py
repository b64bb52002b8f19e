"""LipSim keeps the contract of a metric: what this project does with metrics, it does with it."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from elpips.geometry import barycenter, geodesic
from elpips.metrics import Draw, InputError, compare, working_copy
from elpips.metrics.precision import precision_of
from lipsim_files import tiny_lipsim
from random_images import images


def test_the_distance_is_one_minus_the_cosine() -> None:
    metric, x, y = tiny_lipsim(), images(3, 16, 16, seed=1), images(3, 16, 16, seed=2)
    expected = 1 - F.cosine_similarity(metric.features(x), metric.features(y))
    torch.testing.assert_close(metric(x, y), expected, rtol=1e-4, atol=1e-7)
    assert not metric.stochastic and metric.draw((16, 16), batch=3) == Draw(3)
    assert metric(x, x).tolist() == [0, 0, 0]


def test_images_of_any_size_and_type() -> None:
    metric, x = tiny_lipsim(), images(2, 21, 34).double()
    assert metric(x, x.flip(0)).dtype == torch.float64
    assert metric.dtype == torch.float32 and metric.device.type == "cpu"
    with pytest.raises(InputError, match="expected"):
        metric.features(2 * x)


def test_images_of_a_narrow_type_are_resized_in_the_networks() -> None:
    # Certificates grant rounding of single precision, and no more.
    metric, narrow = tiny_lipsim(), images(2, 21, 34).half()
    assert torch.equal(metric.features(narrow), metric.features(narrow.float()))


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_gradients_are_finite_on_flat_and_identical_images(value: float) -> None:
    metric = tiny_lipsim()
    with torch.no_grad():
        for layer in metric.network.modules():
            if hasattr(layer, "bias"):
                layer.bias.zero_()
    flat = torch.full((1, 3, 16, 16), value, requires_grad=True)
    metric(flat, flat.detach().clone()).sum().backward()
    metric(flat, images(1, 16, 16)).sum().backward()
    assert flat.grad is not None and flat.grad.isfinite().all()


def test_precision() -> None:
    metric, x = tiny_lipsim(), images(2, 16, 16)
    assert working_copy(metric) is metric and precision_of(metric) == "float32"
    reduced = working_copy(metric, "bfloat16")
    assert precision_of(reduced) == "bfloat16" and metric.dtype == torch.float32
    torch.testing.assert_close(reduced(x, x.flip(0)), metric(x, x.flip(0)), rtol=0.1, atol=1e-3)


def test_barycenters_and_geodesics_have_their_certificates() -> None:
    metric = tiny_lipsim()
    x = 0.2 + 0.6 * images(2, 16, 16)
    middle = barycenter(x, metric=metric, steps=8)
    assert middle.evaluation.excess >= 0
    path = geodesic(x[0], x[1], frames=3, metric=metric, steps=8)
    assert path.frames.shape == (3, 3, 16, 16) and torch.equal(path.frames[0], x[0])
    found = compare(metric, x[0], x)
    assert found.closest == 0
