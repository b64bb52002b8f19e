"""Distortions that leave pixels in their places."""

from __future__ import annotations

import torch

from elpips.media.crop import resize_short_side
from elpips.media.samples import read_sample
from elpips.scripts.calibration.distortions import quantisation

IMAGE = resize_short_side(read_sample("chelsea"), 48)[:, :, 4:61].contiguous()


def test_quantisation_leaves_few_levels() -> None:
    assert len(quantisation(IMAGE, 1.0, torch.Generator().manual_seed(0)).unique()) <= 4
