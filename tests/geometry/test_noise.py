"""Images of noise, and noisy copies."""

from __future__ import annotations

import pytest
import torch

from elpips.geometry.attack_problem import rms
from elpips.geometry.noise import noise_images, noisy

GREY = torch.full((1, 3, 64, 64), 0.5)


def test_the_anchor_has_the_noise_asked_for() -> None:
    assert rms(noisy(GREY, 0.05, 0) - GREY) == pytest.approx(0.05, rel=0.03)
    assert noisy(GREY, 5.0, 0).max() <= 1 and noisy(GREY, 5.0, 0).min() >= 0


def test_noise_images_are_those_of_the_release() -> None:
    images = noise_images(GREY, 5, 3)
    assert images.shape == (5, 3, 64, 64) and images.dtype == torch.float32
    assert float(images.mean()) == pytest.approx(0.5, abs=0.01)
    assert float(images.std()) == pytest.approx(0.2, abs=0.01)
    assert images.min() >= 1e-5 * (1 - 1e-3) and images.max() <= 1 - 1e-5 * (1 - 1e-2)
    assert noise_images(GREY[0].double(), 1, 3).dtype == torch.float64


@pytest.mark.parametrize(
    "make", [lambda s: noise_images(GREY, 2, s), lambda s: noisy(GREY, 0.1, s)]
)
def test_seeds_differ_and_repeat(make) -> None:
    assert torch.equal(make(4), make(4)) and not torch.equal(make(4), make(5))
