"""The overlay share: 1 for mixes, chance for others, the numbers of the reference script."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from elpips.geometry.overlay import chance_overlay, overlay_share
from elpips.geometry.reference_path import cross_fade
from elpips.geometry.sine_modes import times_of
from elpips.media.samples import read_squares
from elpips.metrics import InputError
from reference_measures import reference_measure

ENDS = read_squares(["brick_left", "gravel_left"], 64)
OTHERS = read_squares(["grass", "tissue"], 64)


def test_a_mix_is_explained_whatever_its_weights() -> None:
    weights = torch.linspace(0.2, 1.4, 64)
    mixes = torch.stack([ENDS.mean(0), 0.3 * ENDS[0] - 0.5 * ENDS[1] + 0.4, weights * ENDS[0] / 2])
    shares = overlay_share(mixes, ENDS)
    assert shares[:2].min() > 0.999 and shares[2] > 0.97
    assert shares.max() <= 1


def test_other_pictures_are_explained_by_chance_only() -> None:
    assert overlay_share(OTHERS, ENDS).max() < 0.2
    assert chance_overlay(ENDS, ENDS).max() < 0.2


def test_more_inputs_explain_all_their_mixes() -> None:
    inputs = torch.cat([ENDS, OTHERS])
    assert overlay_share(inputs.mean(0, keepdim=True), inputs) > 0.999
    assert 0.5 < overlay_share(inputs.mean(0, keepdim=True), ENDS) < 0.9


def test_no_detail_has_no_overlay() -> None:
    flat = torch.full((1, 3, 64, 64), 0.5)
    assert overlay_share(flat, ENDS) < 0.05
    assert overlay_share(ENDS, flat).max() < 1e-6
    with pytest.raises(InputError, match="differ in shape"):
        overlay_share(flat, ENDS[..., :32])


def test_numbers_are_those_of_the_reference_script(shared: Path) -> None:
    reference = reference_measure(shared, "overlay")
    frames = cross_fade(*ENDS, times_of(7))
    frames[2:6] = 0.6 * frames[2:6] + 0.4 * OTHERS.repeat(2, 1, 1, 1)
    images = [frame.permute(1, 2, 0).double().numpy() for frame in frames]
    expected = reference.overlay_share(images)
    assert overlay_share(frames[2:6], ENDS).mean() == pytest.approx(expected, abs=1e-3)
    assert 0.3 < expected < 0.9
