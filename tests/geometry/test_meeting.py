"""Images that meet: copies of one thing become one, detail is kept, any number goes."""

from __future__ import annotations

import pytest
import torch

from elpips.geometry.meeting import meet
from elpips.geometry.overlay import overlay_share
from elpips.geometry.sharpness import high_band_ratio
from elpips.media.samples import read_sample, read_squares

GRAVEL = read_sample("gravel_left")


def test_shifted_copies_meet_at_the_weighted_mean_of_their_places() -> None:
    places = ((0, 0), (4, 0), (0, 4))
    copies = torch.stack([GRAVEL[:, 60 - y : 156 - y, 60 - x : 156 - x] for y, x in places])
    weights = torch.tensor([0.5, 0.25, 0.25])
    met = meet(copies, weights)[0, :, 16:-16, 16:-16]
    truth = GRAVEL[:, 59:155, 59:155][:, 16:-16, 16:-16]
    faded = torch.tensordot(weights, copies, 1)[:, 16:-16, 16:-16]
    assert (met - truth).square().mean() < 0.2 * (faded - truth).square().mean()


def test_unrelated_textures_keep_their_detail_and_are_less_of_a_double_exposure() -> None:
    images = read_squares(["gravel_left", "gravel_right", "brick_left"], 96)
    weights = torch.full((3,), 1 / 3)
    met = meet(images, weights)
    assert overlay_share(met, images) < 0.75
    assert high_band_ratio(met[0], images, weights) > 0.7


def test_of_all_weight_on_one_image_that_image_is_left() -> None:
    images = read_squares(["gravel_left", "gravel_right"], 64)
    torch.testing.assert_close(meet(images, torch.tensor([0.0, 1.0]))[0], images[1])


@pytest.mark.parametrize("shape", [(1, 1), (2, 9), (17, 11)])
def test_any_size_of_noise_gives_an_image(shape: tuple[int, int]) -> None:
    images = torch.rand(3, 3, *shape, generator=torch.Generator().manual_seed(0))
    met = meet(images, torch.full((3,), 1 / 3))
    assert met.shape == (1, 3, *shape) and torch.isfinite(met).all()
