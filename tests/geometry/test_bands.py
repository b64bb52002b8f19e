"""Bands, and the map between band coordinates and images."""

from __future__ import annotations

import torch

from elpips.geometry.bands import (
    SIGMAS,
    BandPreconditioner,
    from_opponent,
    join,
    split,
    to_opponent,
)


def rng(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


IMAGES = torch.rand(2, 3, 17, 11, generator=rng(0), dtype=torch.float64)


def test_bands_add_up_to_the_image() -> None:
    bands = split(IMAGES)
    assert bands.shape == (2, len(SIGMAS) + 1, 3, 17, 11)
    torch.testing.assert_close(bands.sum(1), IMAGES)


def test_join_is_the_adjoint_of_split() -> None:
    bands = torch.rand(2, len(SIGMAS) + 1, 3, 17, 11, generator=rng(1), dtype=torch.float64)
    torch.testing.assert_close((split(IMAGES) * bands).sum(), (IMAGES * join(bands)).sum())


def test_opponent_channels_are_a_rotation_and_grey_has_one() -> None:
    rotated = to_opponent(IMAGES)
    torch.testing.assert_close(rotated.square().sum(), IMAGES.square().sum())
    torch.testing.assert_close(from_opponent(rotated), IMAGES)
    grey = IMAGES[:, :1].expand(-1, 3, -1, -1)
    assert to_opponent(grey)[:, 1:].abs().max() < 1e-6


def test_images_without_colour_are_not_given_any() -> None:
    grey = IMAGES[:, :1].expand(-1, 3, -1, -1)
    spread = BandPreconditioner.around(
        grey.mean(0, keepdim=True), grey, torch.tensor([0.5, 0.5])
    ).spread
    # The floor that keeps numbers finite, and a part in ten thousand of the lightness.
    assert (spread[0, :, 1:] <= 1e-5 + 1e-4 * spread[0, :, :1]).all()


def test_spread_maps_are_adjoint() -> None:
    weights = torch.tensor([0.3, 0.7])
    spread = BandPreconditioner.around(IMAGES.mean(0, keepdim=True), IMAGES, weights)
    z = torch.rand(1, len(SIGMAS) + 1, 3, 17, 11, generator=rng(2), dtype=torch.float64)
    g = IMAGES[:1]
    torch.testing.assert_close((spread.apply(z) * g).sum(), (z * spread.adjoint(g)).sum())


def test_spread_is_large_only_where_and_at_the_scale_the_images_differ() -> None:
    flat = torch.full((2, 3, 64, 64), 0.5)
    flat[0, :, 16:32, 16:32] += 0.2 * torch.randn(16, 16, generator=rng(3))
    weights = torch.tensor([0.5, 0.5])
    spread = BandPreconditioner.around(flat.mean(0, keepdim=True), flat, weights).spread[0, :, 0]
    fine, coarse = spread[0], spread[-1]
    assert fine[24, 24] > 20 * fine[56, 56]
    assert fine[24, 24] > 5 * coarse[24, 24]
