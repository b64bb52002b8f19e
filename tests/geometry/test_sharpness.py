"""Detail that is kept, and detail that a ghost has lost."""

from __future__ import annotations

import math

import pytest
import torch

from elpips.geometry import high_band_energy, high_band_ratio
from elpips.geometry.blur import gaussian_blur
from elpips.metrics import InputError

TEXTURES = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))


def test_high_band_energy_of_ghosts_and_flat_images() -> None:
    assert high_band_ratio(TEXTURES.mean(0), TEXTURES) == pytest.approx(0.5, abs=0.02)
    assert high_band_ratio(TEXTURES[0], TEXTURES) == pytest.approx(1.0, abs=0.02)
    assert float(high_band_energy(torch.full((1, 3, 20, 20), 0.3))) < 1e-12
    ramp = torch.linspace(0, 1, 64).expand(1, 3, 64, 64)
    assert float(high_band_energy(ramp)) < 1e-4


def test_it_is_what_a_blur_removes() -> None:
    expected = (TEXTURES - gaussian_blur(TEXTURES, 2.0)).square().mean((1, 2, 3))
    torch.testing.assert_close(high_band_energy(TEXTURES, 2.0), expected)


def test_inputs_count_by_their_weights() -> None:
    faint = torch.stack([TEXTURES[0], 0.5 + 0.5 * (TEXTURES[1] - 0.5)])
    for weight in (0.0, 0.3, 1.0):
        ratio = high_band_ratio(faint[0], faint, torch.tensor([weight, 1 - weight]))
        assert ratio == pytest.approx(1 / (weight + (1 - weight) / 4), rel=0.03)
    flat = torch.full((2, 3, 64, 64), 0.5)
    assert high_band_ratio(TEXTURES[0], flat) in (math.inf, pytest.approx(1e9, rel=1e9))


def test_shapes_are_checked() -> None:
    with pytest.raises(InputError, match="images: found shape"):
        high_band_energy(TEXTURES[0])
