"""The motion share: near 1 for shifts, 0 for fades, the numbers of the reference script."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from elpips.geometry.motion_share import motion_share, motion_shares
from elpips.geometry.reference_path import cross_fade
from elpips.geometry.sine_modes import times_of
from elpips.media.samples import read_sample, read_squares
from reference_measures import reference_measure

FADE = cross_fade(*read_squares(["brick_left", "gravel_left"], 96), times_of(9))


def shifted(pixels: int) -> torch.Tensor:
    gravel = read_sample("gravel_left")
    return torch.stack([gravel[:, 50:146, 50 + pixels * i : 146 + pixels * i] for i in range(9)])


@pytest.mark.parametrize(("pixels", "least"), [(1, 0.95), (2, 0.85)])
def test_a_shift_is_motion(pixels: int, least: float) -> None:
    share, chance = motion_share(shifted(pixels))
    assert least < share <= 1
    assert 0 < chance < 0.3


def test_a_fade_is_not() -> None:
    assert abs(motion_share(FADE)[0]) < 0.1


def test_what_stands_still_has_none() -> None:
    assert motion_share(FADE[:1].expand(4, -1, -1, -1)) == (0, 0)


@pytest.mark.parametrize("frames", [FADE, shifted(1), shifted(2)[:, :, :61, :47]])
def test_numbers_are_those_of_the_reference_script(frames: torch.Tensor, shared: Path) -> None:
    reference = reference_measure(shared, "motion")
    grey = (frames.permute(0, 2, 3, 1).double().numpy()) @ reference.LUMINANCE
    assert motion_share(frames)[0] == pytest.approx(reference.motion_share(grey), abs=1e-3)


def test_each_transition_has_its_share() -> None:
    moving = shifted(1)[:4]
    frames = torch.cat([moving, moving[-1:], cross_fade(moving[-1], FADE[-1], [0.25, 0.5, 0.75])])
    share, chance, each = motion_shares(frames)
    assert (share, chance) == motion_share(frames) and len(each) == 7
    assert min(each[:2]) > 0.6 > max(each[5:])
    assert motion_shares(FADE[:1].expand(4, -1, -1, -1))[2] == (0, 0, 0)


def test_along_a_side_of_one_pixel_there_is_none() -> None:
    assert motion_shares(torch.rand(4, 3, 1, 20)) == (0, 0, (0, 0, 0))
