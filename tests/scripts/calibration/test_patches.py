"""Patches of photographs: apart for training and validation, and of something."""

from __future__ import annotations

import pytest
import torch

from elpips.metrics import InputError
from elpips.scripts.calibration.patches import random_patch, region


def test_training_and_validation_share_no_pixel() -> None:
    for height, width in ((40, 30), (30, 41)):
        marks = torch.arange(height * width).reshape(1, height, width).expand(3, -1, -1).float()
        train, val = region(marks, "train").unique(), region(marks, "val").unique()
        assert len(train) + len(val) == height * width
        assert not set(train.tolist()) & set(val.tolist())


def test_patches_avoid_what_is_flat_and_need_room() -> None:
    image = torch.full((3, 200, 200), 0.5)
    image[:, 100:] = torch.rand(3, 100, 200, generator=torch.Generator().manual_seed(0))
    rng = torch.Generator().manual_seed(0)
    patches = [random_patch(image, 16, rng) for _ in range(20)]
    assert all(each.shape == (3, 16, 16) and each.std() > 0.04 for each in patches)
    with pytest.raises(InputError, match="found 200 x 200 pixels for patches of 201"):
        random_patch(image, 201, rng)
