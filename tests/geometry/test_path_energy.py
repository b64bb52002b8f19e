"""The path energy and its gradient against plain autograd on all frames at once."""

from __future__ import annotations

import pytest
import torch

from elpips.geometry.path_energy import path_energy
from elpips.geometry.reference_path import cross_fade
from elpips.geometry.sine_modes import times_of
from elpips.metrics import Ensemble, create_metric
from tiny_metric import tiny

FRAMES = torch.rand(7, 3, 17, 21, generator=torch.Generator().manual_seed(0))
METRICS = [
    pytest.param(create_metric("l2"), id="l2"),
    pytest.param(tiny(), id="lpips-like"),
    pytest.param(tiny(Ensemble()), id="elpips-like"),
]


def direct(metric, draw, power: int) -> tuple[torch.Tensor, torch.Tensor]:
    inner = FRAMES[1:-1].clone().requires_grad_()
    embedding = metric.embed(torch.cat([FRAMES[:1], inner, FRAMES[-1:]]), draw)
    count = len(FRAMES) - 1
    distances = metric.distance(embedding[1:], embedding[:-1])
    energy = float(count) ** (2 * power - 1) * (distances**power).sum()
    return energy.detach(), torch.autograd.grad(energy, inner)[0]


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("power", [1, 2])
@pytest.mark.parametrize("chunk", [1, 2, 3, 5, 99])
def test_energy_and_gradient_do_not_depend_on_chunks(metric, power: int, chunk: int) -> None:
    draw = metric.draw((17, 21), torch.Generator().manual_seed(1))
    energy, gradient = path_energy(
        metric, FRAMES[[0, -1]], FRAMES[1:-1], draw, power=power, chunk=chunk
    )
    expected, slope = direct(metric, draw, power)
    assert energy == pytest.approx(float(expected), rel=1e-5)
    assert (gradient - slope).norm() < 1e-4 * slope.norm()
    value, nothing = path_energy(
        metric, FRAMES[[0, -1]], FRAMES[1:-1], draw, power=power, chunk=chunk, slope=False
    )
    assert value == pytest.approx(energy, rel=1e-6) and nothing.numel() == 0


def test_every_frame_is_embedded_once() -> None:
    metric, seen = tiny(), []
    embed = metric.embed

    def counting(images, draw):
        seen.append(len(images))
        return embed(images, draw)

    metric.embed = counting
    path_energy(metric, FRAMES[[0, -1]], FRAMES[1:-1], metric.draw((17, 21)), chunk=2)
    assert seen == [2, 2, 2, 1]


def test_energy_of_a_straight_path_is_the_distance_of_its_ends() -> None:
    metric = create_metric("l2")
    for count in (2, 5, 9):
        path = cross_fade(FRAMES[0], FRAMES[1], times_of(count))
        for power in (1, 2):
            energy, gradient = path_energy(
                metric, path[[0, -1]], path[1:-1], metric.draw((17, 21)), power=power
            )
            expected = float((FRAMES[0] - FRAMES[1]).square().mean()) ** power
            assert energy == pytest.approx(expected, rel=1e-4)
            assert gradient.abs().max() < 1e-6
