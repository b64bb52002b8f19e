"""Luminance."""

from __future__ import annotations

import pytest
import torch

from elpips.geometry.luminance import luminance


def test_white_is_one_and_green_is_brightest() -> None:
    colours = torch.eye(3)[:, :, None, None].expand(3, 3, 4, 5)
    red, green, blue = (float(grey.mean()) for grey in luminance(colours))
    assert green > red > blue > 0
    assert red + green + blue == pytest.approx(1)
    assert luminance(torch.ones(3, 2, 2)).shape == (2, 2)
