"""Texture flow: objects meet, known shifts are found, ends stay."""

from __future__ import annotations

import pytest
import torch

from elpips.geometry.motion_share import motion_share
from elpips.geometry.overlay import overlay_share
from elpips.geometry.sharpness import high_band_ratio
from elpips.geometry.sine_modes import times_of
from elpips.geometry.texture_flow import TextureFlow
from elpips.media.samples import read_sample, read_squares

GRAVEL = read_sample("gravel_left")


def test_a_shift_is_found_in_spite_of_other_brightness_and_contrast() -> None:
    start = GRAVEL[:, 60:156, 60:156]
    end = 0.3 + 0.5 * GRAVEL[:, 57:153, 62:158]
    flow = TextureFlow.between(start, end)
    inner = flow.motion[..., 16:-16, 16:-16]
    expected = torch.tensor([[3.0, -2.0], [-3.0, 2.0]])
    torch.testing.assert_close(inner.mean((2, 3)), expected, rtol=0, atol=0.3)
    assert flow.velocity(0.5)[0, 48, 48] == pytest.approx(3, abs=0.5)


def test_objects_of_unrelated_textures_move_and_meet() -> None:
    start, end = read_squares(["gravel_left", "gravel_right"], 96)
    flow = TextureFlow.between(start, end)
    frames = flow.path(times_of(6))
    assert torch.equal(frames[0], start) and torch.equal(frames[-1], end)
    assert frames.min() >= 0 and frames.max() <= 1
    assert motion_share(frames)[0] > 0.3
    assert overlay_share(frames[3:4], torch.stack([start, end])) < 0.7


def test_what_is_still_is_faded_where_it_is() -> None:
    start, end = torch.rand(2, 3, 20, 24, generator=torch.Generator().manual_seed(0))
    flow = TextureFlow.still(start, end)
    assert flow.velocity(0.3).count_nonzero() == 0
    torch.testing.assert_close(flow.layers(0.3), torch.stack([start, end]))


def test_stiffer_moves_less() -> None:
    start, end = read_squares(["gravel_left", "gravel_right"], 96)
    moved = [
        TextureFlow.between(start, end, stiffness).motion.abs().mean() for stiffness in (1, 8, 1e4)
    ]
    assert moved[0] > 1.2 * moved[1] > moved[2] and moved[2] < 0.1


@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (1, 7), (16, 9)])
def test_any_size_of_noise_gives_images(shape: tuple[int, int]) -> None:
    start, end = torch.rand(2, 3, *shape, generator=torch.Generator().manual_seed(0))
    frames = TextureFlow.between(start, end).path([0, 0.4, 1])
    assert frames.shape == (3, 3, *shape) and torch.isfinite(frames).all()


def test_resampling_takes_little_detail() -> None:
    ends = read_squares(["brick_left", "gravel_left"], 96)
    middle = TextureFlow.between(*ends).path([0.5])[0]
    assert 0.85 < high_band_ratio(middle, ends) < 1.1
