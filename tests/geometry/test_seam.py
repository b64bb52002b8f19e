"""Seams: none where images repeat, and seen where they do not."""

from __future__ import annotations

import pytest
import torch

from elpips.geometry.blur import gaussian_blur
from elpips.geometry.seam import VISIBLE, measure_seams
from elpips.media.crop import center_crop, resize_short_side
from elpips.media.samples import read_sample
from toy_paths import noise

PERIODIC = gaussian_blur(noise(1, 3, 40, 48, seed=3), 1.5, (True, True))


def test_what_repeats_has_no_seam_wherever_it_is_cut() -> None:
    for by in range(0, 40, 5):
        found = measure_seams(PERIODIC.roll((by, by), (-2, -1)), "both")
        assert set(found) == {"x", "y"}
        assert all(seams.visible == () and seams.elsewhere[0] < 1.4 for seams in found.values())


def test_what_does_not_repeat_has_one_of_its_size() -> None:
    pictures = torch.cat([PERIODIC, PERIODIC.roll(20, -1)])
    pictures[1, ..., 10:] += 0.5
    found = measure_seams(pictures, "x")
    assert set(found) == {"x"} and found["x"].visible == (1,)
    steps = pictures[1].diff(dim=-1).abs().mean((0, 1))
    across = (pictures[1, ..., 0] - pictures[1, ..., -1]).abs().mean()
    assert found["x"].elsewhere[1] == pytest.approx(float(across / steps.mean()), rel=0.01)
    nearby = steps[[0, 1, -1, -2]].mean()
    assert found["x"].nearby[1] == pytest.approx(float(across / nearby), rel=0.01)
    assert measure_seams(pictures, "none") == {} and set(measure_seams(pictures, "y")) == {"y"}


def test_a_soft_edge_at_the_border_is_no_seam() -> None:
    # As of mortar between bricks: steep there, and nearly as steep beside it.
    wall = torch.ones(1, 3, 32, 32)
    wall[..., :3] = wall[..., -3:] = 0.0
    (found,) = measure_seams(gaussian_blur(wall, 2.0, (True, True)).roll(3, -1), "x").values()
    assert found.elsewhere[0] > 2 * VISIBLE and found.visible == ()


def test_a_photograph_has_seams_and_a_flat_picture_none() -> None:
    photograph = center_crop(resize_short_side(read_sample("chelsea"), 64), 64, 64)
    for seams in measure_seams(photograph[None], "both").values():
        assert seams.visible == (0,)
    (flat,) = measure_seams(torch.full((1, 3, 8, 8), 0.5), "y").values()
    assert flat.elsewhere[0] == pytest.approx(1) == flat.nearby[0]
