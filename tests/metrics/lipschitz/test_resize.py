"""Resizing is PyTorch's, and its norm is the one that is counted."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from elpips.metrics.lipschitz.resize import axis_norm, interpolation, resize, resize_norm
from lipschitz_norms import jacobian_norm
from random_images import images


@pytest.mark.parametrize("resampling", ["bilinear", "bicubic"])
@pytest.mark.parametrize("size", [(40, 33), (16, 16), (7, 12)])
def test_images_are_resized_as_pytorch_does(resampling: str, size: tuple[int, int]) -> None:
    x = images(2, *size).double()
    expected = F.interpolate(x, (16, 16), mode=resampling, antialias=True).clamp(0, 1)
    torch.testing.assert_close(resize(x, 16, resampling), expected)


@pytest.mark.parametrize("resampling", ["bilinear", "bicubic"])
@pytest.mark.parametrize("size", [(40, 33), (7, 12)])
def test_the_norm_is_that_of_the_map(resampling: str, size: tuple[int, int]) -> None:
    middle = torch.full((1, 1, *size), 0.5, dtype=torch.float64)
    found = jacobian_norm(lambda x: resize(x, 16, resampling), middle, iterations=100)
    assert found == pytest.approx(resize_norm(size, 16, resampling), rel=5e-3)
    assert found <= resize_norm(size, 16, resampling) * (1 + 1e-9)


def test_smaller_pictures_differ_less_and_larger_ones_more() -> None:
    assert axis_norm(64, 64, "bilinear") == 1
    assert axis_norm(256, 64, "bilinear") == pytest.approx(0.5, rel=0.02)
    assert axis_norm(16, 64, "bilinear") == pytest.approx(2, rel=0.05)
    torch.testing.assert_close(
        interpolation(50, 20, "bicubic").sum(1), torch.ones(20, dtype=torch.float64)
    )
