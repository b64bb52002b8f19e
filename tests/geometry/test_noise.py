"""Images of noise, and noisy copies."""

from __future__ import annotations

import pytest
import torch

from elpips.geometry.attack_problem import rms
from elpips.geometry.noise import noise_images, noisy, texture_noise
from elpips.geometry.overlay import overlay_share
from elpips.geometry.sharpness import high_band_ratio
from elpips.media.samples import read_squares

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


class TestTextureNoise:
    ENDS = read_squares(["brick_left", "gravel_left"], 96)

    def test_has_the_detail_of_its_inputs_and_outlines_of_neither(self) -> None:
        weights = torch.tensor([[0.7, 0.3], [0.5, 0.5]])
        for image, row in zip(texture_noise(self.ENDS, weights, 0), weights, strict=True):
            assert high_band_ratio(image, self.ENDS, row) == pytest.approx(1, abs=0.15)
            assert overlay_share(image[None], self.ENDS) < 0.15

    def test_keeps_what_the_inputs_share(self) -> None:
        image = self.ENDS[0]
        one_of_two = texture_noise(self.ENDS, torch.tensor([[1.0, 0.0]]), 0)[0]
        all_the_same = texture_noise(image.expand(3, -1, -1, -1), torch.full((1, 3), 1 / 3), 0)[0]
        for found in (one_of_two, all_the_same):
            torch.testing.assert_close(found, image, rtol=0, atol=2e-3)
        left, other = image.clone(), image.clone()
        other[:, :, 48:] = self.ENDS[1][:, :, 48:]
        half = texture_noise(torch.stack([left, other]), torch.tensor([[0.5, 0.5]]), 0)[0]
        assert (half - image)[:, :, :24].abs().max() < 0.02
        assert overlay_share(half[None, :, :, 56:], self.ENDS[:, :, :, 56:]) < 0.2

    def test_seeds_differ_and_repeat(self) -> None:
        one, again, other = (
            texture_noise(self.ENDS, torch.tensor([[0.5, 0.5]]), seed) for seed in (1, 1, 2)
        )
        assert torch.equal(one, again) and (one - other).abs().mean() > 0.05
