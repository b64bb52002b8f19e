"""``elpips figure barycenters``: Figure 4 of the E-LPIPS paper on any image.

Barycenters of ten noisy and of ten shifted copies of an image under several metrics. The
copies look alike; a good metric's barycenter looks like them, too.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import torch
import torch.nn.functional as F
import tyro
from torch import Tensor

from ...geometry import barycenter, high_band_ratio
from ...media.grid import Cell, save_grid
from ...media.read import read_images
from ...media.write import save_image
from ...metrics import Metric
from ...metrics.weights import WeightsError
from ..runs.attack import title_of
from ..runs.files import prepare_outdir, write_json
from ..runs.options import make_metric, make_metrics, resolve_device, weights_record
from ..runs.record import environment

logger = logging.getLogger("elpips")

COPIES = 10
NOISE_SIGMA = 0.07
LARGEST_SHIFT = 2
_METRICS = ("l2", "lpips_vgg", "lpips_squeeze", "elpips_vgg", "elpips_squeeze_maxpool")
_OPTIONAL = ("lpips_squeeze", "elpips_squeeze_maxpool")


@dataclass(frozen=True)
class _Outcome:
    """One cell of the figure."""

    copies: str
    metric: str
    image: Tensor
    high_band_ratio: float
    objective: float
    standard_error: float
    baseline: float
    steps: int


def figure_barycenters_command(
    image: Annotated[Path, tyro.conf.Positional],
    *,
    others: tuple[str, ...] = (),
    size: int | None = 128,
    steps: int = 300,
    subset: int = 2,
    seed: int = 0,
    device: str = "auto",
    outdir: Path = Path("outputs/figure_barycenters"),
) -> int:
    """Draw Figure 4 of the paper: barycenters of noisy and of shifted copies of IMAGE.

    Args:
        image: An image file.
        others: Other metrics to show.
        size: Scale the short side to this many pixels (and crop to a square).
        steps: Optimiser steps per barycenter.
        subset: How many of the ten copies a step of E-LPIPS looks at.
        seed: Same seed, same numbers.
        device: auto, cpu, cuda, ...
        outdir: Folder for the figure, its cells and figure.json.
    """
    folder = prepare_outdir(outdir, ["figure.png", "figure.json"])
    where = resolve_device(device)
    source = read_images([image], size=size)[0]
    metrics = [*_available_metrics(where), *make_metrics(others, where)]
    generator = torch.Generator().manual_seed(seed)
    sets = {
        "noise": noisy_copies(source, COPIES, NOISE_SIGMA, generator),
        "shift": shifted_copies(source, COPIES, LARGEST_SHIFT, generator),
    }
    outcomes = []
    for copies, images in sets.items():
        save_image(folder / f"{copies}_input.png", images[0])
        for metric in metrics:
            outcome = _solve(copies, images.to(where), metric, steps, subset, seed)
            save_image(folder / f"{copies}_{metric.name}.png", outcome.image)
            outcomes.append(outcome)
            if outcome.steps < steps and metric.name != "l2":
                logger.warning(
                    "%s, %s: stopped at step %d of %d", copies, metric.name, outcome.steps, steps
                )
    save_grid(folder / "figure.png", _rows(sets, outcomes), zoom=source.shape[-1] // 3)
    write_json(
        folder / "figure.json",
        {
            "command": "figure barycenters",
            "image": image,
            "size": list(source.shape[-2:]),
            "steps": steps,
            "seed": seed,
            "environment": environment(where),
            "weights": {metric.name: weights_record(metric) for metric in metrics},
            "cells": [
                {key: value for key, value in vars(outcome).items() if key != "image"}
                for outcome in outcomes
            ],
        },
    )
    print(f"{'copies':<8}{'metric':<24}{'detail':>8}{'objective':>12}{'pixel mean':>12}")
    for each in outcomes:
        print(
            f"{each.copies:<8}{each.metric:<24}{each.high_band_ratio:>8.2f}"
            f"{each.objective:>12.5f}{each.baseline:>12.5f}"
        )
    print("detail is high-band energy relative to the copies'")
    print(folder / "figure.png")
    print(folder / "figure.json")
    return 0


def noisy_copies(image: Tensor, count: int, sigma: float, generator: torch.Generator) -> Tensor:
    """Return ``count`` copies of (3, H, W) with Gaussian noise, clipped to [0, 1]."""
    noise = torch.randn((count, *image.shape), generator=generator)
    return (image + sigma * noise).clamp(0, 1)


def shifted_copies(image: Tensor, count: int, largest: int, generator: torch.Generator) -> Tensor:
    """Return ``count`` copies of (3, H, W) moved by whole pixels, borders reflected.

    Shifts are uniform in -largest..largest along each axis.
    """
    shifts = torch.randint(-largest, largest + 1, (count, 2), generator=generator).tolist()
    height, width = image.shape[-2:]
    padded = F.pad(image[None], [largest] * 4, mode="reflect")[0]
    return torch.stack(
        [
            padded[:, largest + y : largest + y + height, largest + x : largest + x + width]
            for y, x in shifts
        ]
    )


def _available_metrics(device: torch.device) -> list[Metric]:
    metrics = []
    for name in _METRICS:
        try:
            metrics.append(make_metric(name, device))
        except WeightsError as error:
            if name not in _OPTIONAL:
                raise
            logger.warning("%s is left out: %s", title_of(name), error)
    return metrics


def _solve(
    copies: str, images: Tensor, metric: Metric, steps: int, subset: int, seed: int
) -> _Outcome:
    result = barycenter(
        images,
        metric=metric,
        steps=steps if metric.name != "l2" else 1,
        subset=subset if metric.stochastic else None,
        seed=seed,
        progress=f"{copies}, {title_of(metric.name)}",
    )
    if result.solution.interrupted:
        raise KeyboardInterrupt
    return _Outcome(
        copies=copies,
        metric=metric.name,
        image=result.image.cpu(),
        high_band_ratio=high_band_ratio(result.image, images),
        objective=result.evaluation.objective,
        standard_error=result.evaluation.standard_error,
        baseline=result.evaluation.baseline.objective,
        steps=result.solution.state.step,
    )


def _rows(sets: dict[str, Tensor], outcomes: list[_Outcome]) -> list[list[Cell]]:
    titles = {
        "noise": f"{COPIES} noisy copies\n(sigma {NOISE_SIGMA})",
        "shift": f"{COPIES} shifted copies\n(up to {LARGEST_SHIFT} px)",
    }
    return [
        [
            Cell(images[0], f"one of {titles[copies]}"),
            *(
                Cell(each.image, f"{title_of(each.metric)}\ndetail {each.high_band_ratio:.2f}")
                for each in outcomes
                if each.copies == copies
            ),
        ]
        for copies, images in sets.items()
    ]
