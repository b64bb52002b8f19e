"""Images of the restoration experiment: made worse as asked, cut where they are large enough."""

from __future__ import annotations

import pytest
import torch

from elpips.metrics import InputError
from elpips.scripts.benchmarks.restoration_data import TEST, TRAIN, degrade, random_crops
from restoration_setting import generator, stripes


def test_degrading_halves_what_can_be_seen_or_adds_noise() -> None:
    image = torch.zeros(1, 3, 16, 16)
    image[..., ::2] = 1
    blurred = degrade(image, "superres2x", 0.0, generator())
    assert blurred.shape == image.shape
    assert blurred[..., 4:-4].std() < 0.05
    grey = torch.full((1, 3, 64, 64), 0.5)
    noisy = degrade(grey, "denoise", 0.1, generator())
    assert noisy.std() == pytest.approx(0.1, rel=0.05)


def test_no_picture_is_for_training_and_judging() -> None:
    assert not set(TRAIN) & set(TEST)


def test_crops_larger_than_an_image_are_refused() -> None:
    with pytest.raises(InputError, match="48 x 48 px: expected at least 64 x 64"):
        random_crops([stripes(0)], 1, 64, generator())
