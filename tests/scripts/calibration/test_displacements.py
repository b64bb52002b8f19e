"""Displacements: by as many pixels as asked."""

from __future__ import annotations

import torch

from elpips.media.crop import resize_short_side
from elpips.media.samples import read_sample
from elpips.scripts.calibration.displacements import displaced, shift

IMAGE = resize_short_side(read_sample("chelsea"), 48)[:, :, 4:61].contiguous()


def test_a_displacement_by_whole_pixels_moves_them() -> None:
    field = torch.zeros(2, *IMAGE.shape[1:])
    field[0], field[1] = 2, -3
    moved = displaced(IMAGE, field)
    torch.testing.assert_close(moved[:, :-2, 3:], IMAGE[:, 2:, :-3], atol=1e-4, rtol=0)


def test_a_shift_has_the_length_of_its_strength() -> None:
    ramp = torch.linspace(0.1, 0.9, 64).expand(3, 64, 64).contiguous()
    per_pixel = 0.8 / 63
    lengths = []
    for seed in range(30):
        moved = shift(ramp, 1.0, torch.Generator().manual_seed(seed))
        lengths.append(abs(float((moved - ramp)[:, 20:40, 20:40].mean())) / per_pixel)
    assert 4 < max(lengths) <= 5.01
