"""The energy of a path in which motion costs nothing."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ..metrics import Metric
from ..metrics.backgrounds import suited
from ..metrics.base import image_size
from ..metrics.seeds import stream
from ..metrics.statistics import standard_error
from ..metrics.tiling import wrap_of
from ..optim import project
from .options import check_draws
from .warp import pixel_grid, sample


@dataclass(frozen=True)
class MovingEnergy:
    """N sum_i D(x_i, x_i+1), each pair moved to halfway between its times.

    Attributes
    ----------
    energy, energy_error
        Mean over draws and its standard error.
    displacement
        Mean length of the motion of one transition in pixels.
    """

    energy: float
    energy_error: float
    displacement: float


@torch.no_grad()
def moving_energy(
    metric: Metric, frames: Tensor, displacements: Tensor, *, draws: int = 16, seed: int = 0
) -> MovingEnergy:
    """Judge a path (N + 1, 3, H, W) with what moves taken along, by `evaluate_path`'s draws.

    As in metamorphosis [1]_, motion is free and only what is left of the change counts:
    halfway between frames i and i + 1, both are moved there by half of the displacements (N,
    2, H, W) in pixels, downwards and to the right, and compared. Without motion it is the
    path's energy.

    References
    ----------
    .. [1] Berkels, Effland, Rumpf, "Time discrete geodesic paths in the space of images",
       SIAM J. Imaging Sci. 2015.
    """
    check_draws(draws)
    metric = suited(metric, frames)
    count = len(frames) - 1
    half = displacements / 2
    grid = pixel_grid(frames)
    wrap = wrap_of(metric.tile)
    before = project(sample(frames[:-1], grid - half, wrap=wrap))
    after = project(sample(frames[1:], grid + half, wrap=wrap))
    samples = []
    number = draws if metric.stochastic else 1
    for draw in metric.draws(image_size(frames), number, stream(seed, "evaluate")):
        steps = [
            metric.distance(metric.embed(x[None], draw), metric.embed(y[None], draw))
            for x, y in zip(before, after, strict=True)
        ]
        samples.append(count * torch.cat(steps).double().sum())
    energies = torch.stack(samples)
    return MovingEnergy(
        energy=float(energies.mean()),
        energy_error=float(standard_error(energies, stochastic=metric.stochastic)),
        displacement=float(displacements.norm(dim=1).mean()),
    )
