"""Scene cuts: other pictures are, moved and brightened ones are not."""

from __future__ import annotations

import torch

from elpips.geometry.cuts import change_beyond_motion, is_cut
from elpips.media.samples import read_sample, read_squares

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
