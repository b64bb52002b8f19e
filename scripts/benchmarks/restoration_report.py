"""What came out of a restoration experiment: measures, tables, figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ...media.figure import save_figure
from ...media.grid import Cell, save_grid
from ...media.write import to_uint8
from ...metrics import Metric, estimate
from ...metrics.statistics import Mean, mean_of
from ..runs.tables import format_table
from .fidelity import psnr, ssim

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Measures = Mapping[str, Sequence[float]]
"""Per measure, a number for every picture."""

_HIGHER_IS_BETTER = ("psnr", "ssim")
_SMOOTHING = 25


@dataclass(frozen=True)
class Difference(Mean):
    """Mean of paired differences, and on how many pictures the first was better."""

    better: int


def judge(
    images: Tensor, truth: Tensor, judges: Mapping[str, Metric], draws: int, seed: int
) -> dict[str, list[float]]:
    """Return PSNR in dB, SSIM and the mean distances of images to their truth.

    Parameters
    ----------
    images, truth
        (N, 3, H, W) in [0, 1]; judged as the 8-bit pictures that would be saved.
    judges
        Metrics on one device, by name.
    draws
        Of a metric that draws: the same for all that is judged with ``seed``.
    seed
        Of the draws.
    """
    result = {
        "psnr": [psnr(a[None], b[None]) for a, b in zip(images, truth, strict=True)],
        "ssim": [ssim(a, b) for a, b in zip(images, truth, strict=True)],
    }
    for name, metric in judges.items():
        where = next(iter(metric.buffers()), images).device
        found, expected = (_as_saved(each).to(where) for each in (images, truth))
        distances = estimate(metric, found, expected, max_draws=draws, seed=seed)
        result[name] = distances.distance.tolist()
    return result


def differences(measures: Measures, baseline: Measures) -> dict[str, Difference]:
    """Return, per measure, ``measures`` minus ``baseline``, picture by picture."""
    result = {}
    for name, values in measures.items():
        each = [a - b for a, b in zip(values, baseline[name], strict=True)]
        sign = 1 if name in _HIGHER_IS_BETTER else -1
        mean = mean_of(each)
        better = sum(sign * value > 0 for value in each)
        result[name] = Difference(mean.mean, mean.standard_error, better)
    return result


def measures_table(methods: Mapping[str, Measures], baseline: str) -> str:
    """Lay out means over pictures by method, and below them differences to ``baseline``.

    Without the baseline among the methods there are no differences.
    """
    names = list(next(iter(methods.values())))
    count = len(next(iter(methods.values()))["psnr"])
    rows = [[f"mean of {count}", *names]]
    for method, measures in methods.items():
        means = (mean_of(measures[name]) for name in names)
        rows.append([method, *(f"{each.mean:.4f} +- {each.standard_error:.4f}" for each in means)])
    if baseline in methods:
        rows.append([f"minus {baseline}", *(f"(better of {count})" for _ in names)])
        for method, measures in methods.items():
            if method != baseline:
                found = differences(measures, methods[baseline])
                rows.append([method, *(_describe(found[name]) for name in names)])
    return format_table(rows, "<" + ">" * len(names))


def save_pictures(
    path: Path,
    truth: Tensor,
    pictures: Mapping[str, Tensor],
    methods: Mapping[str, Measures],
    *,
    zoom: int,
) -> None:
    """Save every picture (N, 3, H, W) beside its truth, with its measures, and a part enlarged.

    The part of ``zoom`` pixels is where the first of ``pictures`` is furthest from the truth.
    """
    first = next(iter(pictures.values()))
    grid = []
    for index, original in enumerate(truth):
        top, left = _worst_square(first[index], original, zoom)
        part = (..., slice(top, top + zoom), slice(left, left + zoom))
        whole = [
            Cell(images[index], f"{name}\n{_caption(methods[name], index)}")
            for name, images in pictures.items()
        ]
        grid.append([*whole, Cell(original, "truth")])
        grid.append([Cell(cell.image[part], "") for cell in grid[-1]])
    save_grid(path, grid)


def save_losses(path: Path, curves: Mapping[str, Sequence[float]], warmup: int) -> None:
    """Plot the loss of every step after ``warmup``, and its running mean."""

    def draw(figure: Figure) -> None:
        panels = figure.subplots(1, len(curves), squeeze=False)[0]
        for axes, (name, losses) in zip(panels, curves.items(), strict=True):
            values = torch.tensor(losses[warmup:], dtype=torch.float64)
            steps = torch.arange(warmup + 1, warmup + 1 + len(values))
            axes.plot(steps, values, ".", ms=2, c="0.75")
            if len(values) >= _SMOOTHING:
                means = values.unfold(0, _SMOOTHING, 1).mean(1)
                axes.plot(steps[_SMOOTHING // 2 :][: len(means)], means, c="C0")
            axes.set_yscale("log")
            axes.set_xlabel("step")
            axes.set_title(name, fontsize=9)

    save_figure(path, draw, size=(3.2 * len(curves), 2.8))


def _as_saved(images: Tensor) -> Tensor:
    return torch.from_numpy(to_uint8(images)).movedim(-1, -3).float() / 255


def _describe(found: Difference) -> str:
    return f"{found.mean:+.4f} +- {found.standard_error:.4f} ({found.better})"


def _caption(measures: Measures, index: int) -> str:
    values = {name: each[index] for name, each in measures.items()}
    lines = [f"{values.pop('psnr'):.2f} dB, SSIM {values.pop('ssim'):.3f}"]
    lines += [f"{name} {value:.4f}" for name, value in values.items()]
    return "\n".join(lines)


def _worst_square(image: Tensor, truth: Tensor, size: int) -> tuple[int, int]:
    errors = (image - truth).square().mean(0, keepdim=True)
    sums = torch.nn.functional.avg_pool2d(errors, size, stride=1)[0]
    row, column = divmod(int(sums.argmax()), sums.shape[1])
    return row, column
