"""What fades, ghosts and other paths look like in numbers."""

from __future__ import annotations

import math

import pytest
import torch

from elpips.geometry.path_appearance import PathAppearance
from elpips.geometry.reference_path import cross_fade
from elpips.geometry.sine_modes import times_of
from elpips.media.samples import read_squares

ENDS = read_squares(["brick_left", "gravel_left"], 64)


def test_a_cross_fade_is_a_double_exposure_of_little_detail() -> None:
    found = PathAppearance.of(cross_fade(*ENDS, times_of(9)))
    assert found.overlay > 0.999 and found.overlay_by_chance < 0.2
    assert abs(found.motion) < 0.1 and 0 < found.motion_by_chance < 0.5
    assert found.mid_contrast < 0.9
    assert found.high_band_ratio == pytest.approx(0.5, abs=0.1)
    assert len(found.overlays) == len(found.high_band) == 10


def test_of_three_frames_the_middle_one_is_judged() -> None:
    (other,) = read_squares(["grass"], 64)
    found = PathAppearance.of(torch.stack([ENDS[0], other, ENDS[1]]))
    assert found.overlay == found.overlays[1] < 0.2
    assert found.overlays[0] > 0.999


def test_flat_frames_have_no_contrast_to_compare() -> None:
    found = PathAppearance.of(torch.full((3, 3, 40, 40), 0.5))
    assert math.isnan(found.mid_contrast) and found.motion == 0


def test_flat_ends_have_neither_contrast_nor_detail() -> None:
    ends = torch.tensor([0.1, 0.7]).view(2, 1, 1, 1).expand(2, 3, 32, 40)
    found = PathAppearance.of(cross_fade(ends[0], ends[1], times_of(4)))
    assert math.isnan(found.mid_contrast) and math.isnan(found.high_band_ratio)
