"""The energy with motion for free: what only moves costs nothing, what stands as ever."""

from __future__ import annotations

import pytest
import torch

from elpips.geometry import evaluate_path, moving_energy
from elpips.media.samples import read_sample
from elpips.metrics import Ensemble, InputError, create_metric
from tiny_metric import tiny
from toy_paths import fade, noise

GRAVEL = read_sample("gravel_left")
SHIFTED = torch.stack([GRAVEL[:, 40:104, 40 - 2 * i : 104 - 2 * i] for i in range(5)])
TO_THE_RIGHT = torch.tensor([0.0, 2.0])[None, :, None, None].expand(4, 2, 64, 64)


def test_what_only_moves_costs_next_to_nothing() -> None:
    l2 = create_metric("l2")
    still = moving_energy(l2, SHIFTED, torch.zeros(4, 2, 64, 64))
    moving = moving_energy(l2, SHIFTED, TO_THE_RIGHT)
    back = moving_energy(l2, SHIFTED, -TO_THE_RIGHT)
    assert moving.energy < 0.1 * still.energy < back.energy
    assert moving.displacement == pytest.approx(2) and moving.energy_error == 0


def test_without_motion_it_is_the_energy_of_the_path() -> None:
    metric, frames = tiny(Ensemble()), fade(5)
    found = moving_energy(metric, frames, torch.zeros(4, 2, 17, 21), draws=6, seed=3)
    expected = evaluate_path(metric, frames, draws=6, seed=3).path
    assert found.energy == pytest.approx(expected.energy, rel=1e-4)
    assert found.energy_error == pytest.approx(expected.energy_error, rel=1e-3)
    with pytest.raises(InputError, match="evaluation_draws: found 0"):
        moving_energy(metric, frames, torch.zeros(4, 2, 17, 21), draws=0)


def test_what_moves_around_borders_that_meet_costs_nothing() -> None:
    image = noise(3, 16, 20, seed=7)
    frames = torch.stack([image.roll(2 * i, -1) for i in range(4)])
    displacements = torch.tensor([0.0, 2.0])[:, None, None].expand(3, 2, 16, 20)
    found, bordered = (
        moving_energy(create_metric("l2").tiled(tile), frames, displacements)
        for tile in ("x", "none")
    )
    assert found.energy < 1e-6 < 1e-3 < bordered.energy
