"""The restoration experiment's network and its training.

Everything but the loss is the same for all losses: first weights, crops, noise, steps.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...metrics import InputError, Metric
from ...metrics.checks import check_fields
from ...metrics.seeds import stream
from .restoration_data import Task, degrade, random_crops


@dataclass(frozen=True)
class Training:
    """All that the weights of a trained network depend on, but the loss and the images.

    Attributes
    ----------
    task
        What to undo: superres2x (halved sides) or denoise (Gaussian noise).
    noise
        Standard deviation of the noise, in units of the range [0, 1].
    steps
        Training steps with the loss, one draw each.
    warmup
        Steps with L2 before them, the same for every loss.
    pixel_weight
        Weight of a mean squared error added to the loss; 0: the loss alone.
    batch
        Crops per step.
    crop
        Their side in pixels, an even number.
    channels
        Of the hidden layers.
    layers
        Convolutions, at least 2.
    learning_rate
        Adam's first, which falls to 0 along a cosine.
    seed
        Same seed, same numbers.
    """

    task: Task = "superres2x"
    noise: float = 0.1
    steps: int = 200
    warmup: int = 400
    pixel_weight: float = 0.0
    batch: int = 4
    crop: int = 64
    channels: int = 32
    layers: int = 7
    learning_rate: float = 1e-3
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the values; raises `InputError`."""
        check_fields(self)
        if self.steps < 1:
            raise InputError(f"steps: found {self.steps}, expected at least 1")
        if self.layers < 2:
            raise InputError(f"layers: found {self.layers}, expected at least 2")
        if self.crop < 16 or self.crop % 2:
            raise InputError(f"crop: found {self.crop}, expected an even number of at least 16")


class RestorationNet(nn.Module):
    """Plain 3 x 3 convolutions that correct their input; at first they change nothing.

    Of the input's size throughout: no upsampling layer could leave a grid of its own, so
    that what is seen of grids comes from the loss.
    """

    def __init__(self, channels: int, layers: int, generator: torch.Generator) -> None:
        super().__init__()
        sides = [3, *[channels] * (layers - 1), 3]
        convolutions = [
            nn.Conv2d(a, b, 3, padding=1, padding_mode="replicate") for a, b in pairwise(sides)
        ]
        for each in convolutions:
            nn.init.kaiming_normal_(each.weight, nonlinearity="relu", generator=generator)
            if each.bias is not None:
                nn.init.zeros_(each.bias)
        nn.init.zeros_(convolutions[-1].weight)
        hidden = [part for each in convolutions[:-1] for part in (each, nn.ReLU())]
        self.correction = nn.Sequential(*hidden, convolutions[-1])

    def forward(self, images: Tensor) -> Tensor:
        """Return images (N, 3, H, W) in [0, 1], restored and in [0, 1]."""
        return (images + self.correction(images - 0.5)).clamp(0, 1)


@dataclass(frozen=True)
class Trained:
    """A network, what its loss was at every step, and how long its training took."""

    network: RestorationNet
    losses: tuple[float, ...]
    seconds: float


def make_network(setting: Training) -> RestorationNet:
    """Return the untrained network of a setting, on the CPU."""
    return RestorationNet(setting.channels, setting.layers, stream(setting.seed, "init"))


def train(
    setting: Training,
    images: Sequence[Tensor],
    metric: Metric,
    device: torch.device,
    progress: Callable[[float], object] = lambda loss: None,
) -> Trained:
    """Train a network on random crops, turned and mirrored, with one draw of the loss a step.

    Parameters
    ----------
    setting
        Of the training.
    images
        Good pictures (3, H, W) in [0, 1], of any sizes from ``setting.crop`` on.
    metric
        The loss, on ``device``; used as ``metric(restored, truth, reduction="mean")``.
    device
        Where to compute.
    progress
        Called with the loss of every step.

    Returns
    -------
    Trained
        The network, and the losses of ``warmup + steps`` steps.

    Raises
    ------
    InputError
        An image is smaller than the crops.
    """
    began = time.perf_counter()
    # The streams are apart, so that metrics that draw see the crops of those that do not.
    crops, draws = stream(setting.seed, "optimise"), stream(setting.seed, "residual")
    network = make_network(setting).to(device)
    total = setting.warmup + setting.steps
    optimiser = torch.optim.Adam(network.parameters(), lr=setting.learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, total)
    losses = []
    for step in range(total):
        truth = random_crops(images, setting.batch, setting.crop, crops)
        worse = degrade(truth, setting.task, setting.noise, crops).to(device)
        truth = truth.to(device)
        restored = network(worse)
        pixels = F.mse_loss(restored, truth)
        if step < setting.warmup:
            loss = pixels
        else:
            loss = metric(restored, truth, reduction="mean", generator=draws)
            loss = loss + setting.pixel_weight * pixels
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        losses.append(loss.item())
        progress(losses[-1])
    return Trained(network.eval(), tuple(losses), time.perf_counter() - began)
