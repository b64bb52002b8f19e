"""What stands for real algorithms keeps what they keep."""

from __future__ import annotations

import torch

from elpips.media.crop import resize_short_side
from elpips.media.samples import read_sample
from elpips.scripts.calibration.distortions import luminance
from elpips.scripts.calibration.families import distort

IMAGE = resize_short_side(read_sample("chelsea"), 48)[:, :, 4:61].contiguous()


def test_recolouring_keeps_lightness_where_colours_can_be_shown() -> None:
    image = 0.4 + 0.2 * IMAGE
    found = [distort(image, "color", 1.0, torch.Generator().manual_seed(seed)) for seed in range(6)]
    changed = max(float((each - image).abs().mean()) for each in found)
    lightness = [abs(float((luminance(each) - luminance(image)).mean())) for each in found]
    assert changed > 0.03
    assert max(lightness) < changed / 4
