"""Scene cuts: other pictures are, moved and brightened ones are not."""

from __future__ import annotations

import pytest
import torch

from elpips.geometry import interpolate
from elpips.geometry.cuts import change_beyond_motion, is_cut
from elpips.media.samples import read_sample, read_squares
from elpips.metrics import InputError

CHELSEA = read_sample("chelsea")


def test_another_picture_is_a_cut() -> None:
    start, end = read_squares(["chelsea", "coffee"], 96)
    assert is_cut(start, end) and is_cut(end, start)
    assert is_cut(torch.zeros_like(start), start)


def test_motion_is_none() -> None:
    start = CHELSEA[:, 40:168, 60:188]
    assert not is_cut(start, CHELSEA[:, 46:174, 66:194])
    assert change_beyond_motion(start, CHELSEA[:, 46:174, 66:194]) < 0.3


def test_a_little_more_light_is_none() -> None:
    assert not is_cut(CHELSEA, (CHELSEA * 1.1).clamp(0, 1))


def test_what_is_the_same_or_flat_is_none() -> None:
    assert change_beyond_motion(CHELSEA, CHELSEA) < 0.01
    flat = torch.full((3, 20, 31), 0.5)
    assert not is_cut(flat, flat + 0.002)


def test_interpolate_holds_the_nearer_of_two_scenes() -> None:
    start, end = read_squares(["chelsea", "coffee"], 48)
    held = interpolate(start, end, 4, metric="l2", evaluation_draws=1, steps=3)
    assert held.problem.init == "nearest" and held.solution.state.step == 0
    assert torch.equal(held.frames, torch.stack([start, start, end, end]))
    blended = interpolate(start, end, 4, metric="l2", init="crisp", steps=0)
    assert blended.problem.init == "crisp" and not torch.equal(blended.frames[1], start)
    with pytest.raises(InputError, match="ends differ in shape"):
        interpolate(start, end[:, 1:], metric="l2")
