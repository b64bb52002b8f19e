"""The fade that keeps contrast: exact where it must be, and crisp where fading is not."""

from __future__ import annotations

import pytest
import torch

from elpips.geometry import high_band_energy
from elpips.geometry.crisp_fade import crisp_fade, restore_contrast
from elpips.geometry.reference_path import cross_fade

A, B = 0.2 + 0.6 * torch.rand(2, 3, 64, 56, generator=torch.Generator().manual_seed(0))
TIMES = [0.0, 0.25, 0.5, 1.0]


def test_the_ends_are_exact_and_values_in_range() -> None:
    frames = crisp_fade(A, B, TIMES)
    assert frames.shape == (4, 3, 64, 56)
    assert torch.equal(frames[0], A) and torch.equal(frames[-1], B)
    assert 0 <= frames.min() and frames.max() <= 1


@pytest.mark.parametrize("index", [1, 2])
def test_unrelated_detail_keeps_its_energy(index: int) -> None:
    expected = high_band_energy(torch.stack([A, B])).mean()
    found = high_band_energy(crisp_fade(A, B, TIMES))[index]
    faded = high_band_energy(cross_fade(A, B, TIMES))[index]
    assert float(found / expected) == pytest.approx(1, abs=0.05)
    assert float(faded / expected) < 0.7


def test_where_the_ends_agree_it_is_the_cross_fade() -> None:
    torch.testing.assert_close(crisp_fade(A, A, TIMES), A.expand(4, -1, -1, -1))
    darker = 0.5 * A
    torch.testing.assert_close(
        crisp_fade(A, darker, [0.5]), cross_fade(A, darker, [0.5]), rtol=0, atol=0.03
    )


def test_gains_are_limited() -> None:
    # Opposite patterns cancel in the middle: there is nothing left to amplify.
    opposite = 1 - A
    middle = restore_contrast((A + opposite) / 2, A, opposite, 0.5)
    torch.testing.assert_close(middle, torch.full_like(A, 0.5))
    faint = 0.5 + 0.1 * (A - 0.5)
    restored = restore_contrast(faint, A, B, 0.5)
    ratio = high_band_energy(restored[None]) / high_band_energy(faint[None])
    assert float(ratio) < 4.05
