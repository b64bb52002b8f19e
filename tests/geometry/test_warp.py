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


def test_what_wraps_is_sampled_and_carried_around() -> None:
    grid, both = pixel_grid(IMAGE), (True, True)
    shift = torch.tensor([-7.25, 31.5])[:, None, None]
    around = torch.cat([torch.cat([IMAGE] * 9, 2)] * 5, 1)
    inner = (slice(None), slice(24, 36), slice(60, 75))
    expected = sample(around, pixel_grid(around) + shift)[inner]
    torch.testing.assert_close(sample(IMAGE, grid + shift, wrap=both), expected, rtol=0, atol=1e-4)
    flow = 3 * torch.rand(2, 12, 15, generator=torch.Generator().manual_seed(1))
    rolled = carry(flow.roll((5, 4), (1, 2)), grid, 0.7, both)
    expected = carry(flow, grid, 0.7, both).roll((5, 4), (1, 2))
    torch.testing.assert_close(rolled, expected, rtol=0, atol=1e-4)
