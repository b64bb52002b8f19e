"""Sampling at positions, and displacements that go along."""

from __future__ import annotations

import torch

from elpips.geometry.warp import carry, pixel_grid, sample

IMAGE = torch.rand(3, 12, 15, generator=torch.Generator().manual_seed(0))


def test_the_grid_gives_the_image_back() -> None:
    for mode in ("bilinear", "bicubic"):
        found = sample(IMAGE, pixel_grid(IMAGE), mode)
        torch.testing.assert_close(found, IMAGE, rtol=0, atol=1e-5)


def test_many_images_have_positions_of_their_own() -> None:
    shift = torch.tensor([2.0, -3.0])[:, None, None]
    grid = pixel_grid(IMAGE)
    found = sample(IMAGE.expand(2, -1, -1, -1), torch.stack([grid, grid + shift]))
    torch.testing.assert_close(found[0], IMAGE, rtol=0, atol=1e-5)
    torch.testing.assert_close(found[1][:, :-2, 3:], IMAGE[:, 2:, :-3], rtol=0, atol=1e-5)


def test_a_displacement_is_found_where_its_pixels_are() -> None:
    grid = pixel_grid(IMAGE)
    # What is at x goes to 1.2 x; what is at y came from y / 1.2.
    flow = 0.2 * grid
    carried = carry(flow, grid, 1.0)
    torch.testing.assert_close(carried, 0.2 * grid / 1.2, rtol=0.02, atol=0.02)
    assert torch.allclose(carry(flow, grid, 0.0), flow, atol=1e-5)
