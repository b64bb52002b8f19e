"""Frames at equal perceptual distances along a path."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..metrics import Draw, Metric
from .reference_path import Reference, interpolate_path
from .sine_modes import times_of


@torch.no_grad()
def reparametrise(
    metric: Metric,
    frames: Tensor,
    draws: Sequence[Draw],
    reference: Reference | None = None,
) -> Tensor:
    """Return as many frames at equal steps along a path.

    ``frames`` (N + 1, 3, H, W) are joined as `interpolate_path` does; step sizes sqrt(D) are
    measured on ``draws``. Ends stay bit by bit; frames between move in time.
    """
    times = equal_times(step_sizes(metric, frames, draws))
    return interpolate_path(frames, times, reference)


@torch.no_grad()
def step_sizes(metric: Metric, frames: Tensor, draws: Sequence[Draw]) -> Tensor:
    """Return the perceptual steps sqrt(mean D(x_i, x_i+1)), (N,) in float64."""
    total = torch.zeros(len(frames) - 1, dtype=torch.float64)
    for draw in draws:
        before = metric.embed(frames[:1], draw)
        for index in range(1, len(frames)):
            point = metric.embed(frames[index : index + 1], draw)
            total[index - 1] += float(metric.distance(point, before))
            before = point
    return (total / len(draws)).sqrt()


def equal_times(steps: Tensor) -> list[float]:
    """Return times in [0, 1] that divide a path of given steps (N,) into equal lengths."""
    transitions = len(steps)
    reached = torch.cat([steps.new_zeros(1), steps.cumsum(0)])
    if reached[-1] <= 0:
        return times_of(transitions)
    times = []
    for even in times_of(transitions):
        goal = float(reached[-1]) * even
        segment = min(int(torch.searchsorted(reached, goal, right=True)) - 1, transitions - 1)
        size = float(steps[segment])
        share = (goal - float(reached[segment])) / size if size > 0 else 0.0
        times.append(min(max((segment + share) / transitions, 0.0), 1.0))
    return [0.0, *times[1:-1], 1.0]
