"""Train a small network with E-LPIPS as its loss: it sharpens blurred photographs.

    python examples/train_with_loss.py --steps 40

A training step takes one random draw of the metric for each image of the batch, which is what
E-LPIPS was made for: over many steps the draws average out, and no network finds the blind
spots of a single one. The mean pixel difference beside it keeps colours, to which the metric
is lenient. Prints the distance to the true photographs before and after, on draws and crops
that training has not seen.
"""

from __future__ import annotations

import argparse

import torch
from torch import Tensor, nn

import elpips
from elpips.media import read_sample, resize_short_side

PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "rocket")


class Sharpener(nn.Module):
    """A residual network of three convolutions, (N, 3, H, W) in [0, 1] to the same."""

    def __init__(self, channels: int = 16) -> None:
        """Begin as the identity: the last convolution is 0."""
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, channels, 5, padding=2),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(channels, 3, 3, padding=1),
        )
        for parameter in self.layers[-1].parameters():
            nn.init.zeros_(parameter)

    def forward(self, blurred: Tensor) -> Tensor:
        """Return sharper images."""
        return (blurred + self.layers(blurred)).clamp(0, 1)


def blur(images: Tensor) -> Tensor:
    """Average over 3 x 3 pixels, twice."""
    padded = nn.functional.pad(images, (2, 2, 2, 2), mode="reflect")
    return nn.functional.avg_pool2d(nn.functional.avg_pool2d(padded, 3, 1), 3, 1)


def crops(photographs: list[Tensor], count: int, size: int, generator: torch.Generator) -> Tensor:
    """Cut out squares (count, 3, size, size) at random."""
    found = []
    for index in range(count):
        photograph = photographs[index % len(photographs)]
        top, left = (
            int(torch.randint(side - size + 1, (), generator=generator))
            for side in photograph.shape[1:]
        )
        found.append(photograph[:, top : top + size, left : left + size])
    return torch.stack(found)


def train(
    metric: elpips.Metric, steps: int = 40, batch: int = 4, size: int = 32, seed: int = 0
) -> tuple[float, float]:
    """Train, and return the distance of blurred and of sharpened crops to the true ones."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    photographs = [resize_short_side(read_sample(name), 3 * size) for name in PHOTOGRAPHS]
    network = Sharpener()
    optimiser = torch.optim.Adam(network.parameters(), lr=2e-3)
    for _ in range(steps):
        true = crops(photographs, batch, size, generator)
        restored = network(blur(true))
        loss = metric(restored, true, reduction="mean") + 0.1 * (restored - true).abs().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    true = crops(photographs, 2 * batch, size, generator)
    with torch.no_grad():
        blurred, restored = blur(true), network(blur(true))
    before, after = (
        elpips.estimate(metric, images, true, max_draws=16, seed=seed + 1).distance.mean()
        for images in (blurred, restored)
    )
    return float(before), float(after)


def main() -> None:
    """Train by the arguments of the command line."""
    parser = argparse.ArgumentParser(description="Train a network with a perceptual loss.")
    parser.add_argument("--metric", default="elpips_vgg", choices=elpips.available_metrics())
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--size", type=int, default=32, help="side of the crops in pixels")
    arguments = parser.parse_args()
    metric = elpips.create_metric(arguments.metric)
    before, after = train(metric, arguments.steps, size=arguments.size)
    print(f"{arguments.metric} to the true crops: blurred {before:.4g}, sharpened {after:.4g}")


if __name__ == "__main__":
    main()
