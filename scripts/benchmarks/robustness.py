"""``elpips robustness``: attacks A1 and A2 on several metrics at every image of a set."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Annotated, Any

import torch
import tyro
from torch import Tensor

from ...geometry import AttackOptions, pairwise_distances
from ...geometry.attack_problem import AttackKind
from ...media import list_images, read_images
from ...media.grid import Cell, save_grid
from ...media.samples import PHOTOGRAPHS, read_squares
from ...media.write import save_image
from ...metrics import InputError, Metric
from ...metrics.base import image_size
from ...metrics.seeds import stream
from ...metrics.statistics import Mean, mean_of
from ..runs.attack import AttackResult, AttackTask, solve_or_read_all, title_of
from ..runs.files import prepare_outdir, write_json
from ..runs.options import AttackArguments, make_metrics, resolve_device, weights_record
from ..runs.record import environment
from ..runs.tables import format_table

_SET_DRAWS = 16
_SHOWN = 4

Results = dict[AttackKind, list[AttackResult]]


def robustness_command(
    images: Annotated[Path | None, tyro.conf.Positional] = None,
    *,
    metrics: tuple[str, ...] = ("lpips_vgg", "lpips_alex", "elpips_vgg"),
    attacks: tuple[AttackKind, ...] = ("a1", "a2"),
    untargeted: bool = False,
    limit: int | None = None,
    size: int = 128,
    solver: AttackArguments = AttackOptions(),
    device: str = "auto",
    outdir: Path = Path("outputs/robustness"),
) -> int:
    """Attack metrics at every image of a folder; print means with standard errors.

    A1 draws each image towards the next one while its metric distance stays that of a
    noisy copy, the anchor; A2 raises the distance while the pixel difference stays that of
    the anchor. The lower both numbers, the more robust is a metric. Under torchrun each rank
    attacks an image in turn.

    Args:
        images: Folder of two or more images; ten photographs that come along if not given.
        metrics: Names of metrics.
        attacks: a1, a2 or both.
        untargeted: A1 away from the image, without a target.
        limit: Attack the first so many images only.
        size: Short side in pixels, cropped to squares.
        solver: How each image is attacked.
        device: auto, cpu, cuda, ...
        outdir: Folder for pictures and robustness.json; attacks already in it are kept.
    """
    solver.check()
    if not metrics or not attacks:
        raise InputError("expected at least one of --metrics and one of --attacks")
    folder = prepare_outdir(outdir, ["robustness.json"])
    where = resolve_device(device)
    # All of them now: what is missing shall be said before an hour of attacks.
    judged = make_metrics(metrics, where)
    names, pictures = _load(images, size)
    pictures = pictures.to(where)
    count = len(names) if limit is None else min(limit, len(names))
    kinds = tuple(dict.fromkeys(attacks))
    rows, records, found = [], {}, {}
    for metric in judged:
        set_mean = mean_between(metric, pictures, solver.seed)
        if set_mean <= 0:
            raise InputError(f"the images are all the same to {metric.name}; expected others")
        tasks = []
        for index, kind in product(range(count), kinds):
            target = None
            if kind == "a1" and not untargeted:
                target = pictures[(index + 1) % len(pictures)]
            label = f"{metric.name}_{kind}_{names[index]}"
            tasks.append(AttackTask(label, kind, pictures[index], target))
        solved = solve_or_read_all(folder, tasks, solver, metric=metric)
        results: Results = {kind: [] for kind in kinds}
        for task, each in zip(tasks, solved, strict=True):
            results[task.kind].append(each)
        found[metric.name] = results
        rows.append(_row(results, set_mean))
        records[metric.name] = {
            "set_mean_distance": set_mean,
            "seconds": sum(each.seconds for of_kind in results.values() for each in of_kind),
            "attacks": {
                kind: {name: each.evaluation for name, each in zip(names, of_kind, strict=False)}
                for kind, of_kind in results.items()
            },
        }
    for name, picture in zip(names, pictures, strict=True):
        save_image(folder / f"source_{name}.png", picture)
    grids = [folder / f"{kind}.png" for kind in kinds]
    for path, kind in zip(grids, kinds, strict=True):
        save_grid(path, _cells(kind, names[:count], pictures, found))
    write_json(
        folder / "robustness.json",
        {
            "command": "robustness",
            "images": names,
            "attacked": count,
            "size": list(image_size(pictures)),
            "untargeted": untargeted,
            "settings": solver,
            "environment": environment(where),
            "weights": {metric.name: weights_record(metric) for metric in judged},
            "means": {metric.name: row for metric, row in zip(judged, rows, strict=True)},
            "metrics": records,
        },
    )
    print(_report(judged, rows, count))
    print("\n".join(map(str, [folder / "robustness.json", *grids])))
    return 0


@torch.no_grad()
def mean_between(metric: Metric, images: Tensor, seed: int) -> float:
    """Return the mean distance between different images of (N, 3, H, W), N > 1."""
    count = len(images)
    draws = _SET_DRAWS if metric.stochastic else 1
    sums = [
        float(pairwise_distances(metric, metric.embed(images, draw)).double().sum())
        for draw in metric.draws(image_size(images), draws, stream(seed, "evaluate"))
    ]
    return math.fsum(sums) / (len(sums) * count * (count - 1))


def _load(folder: Path | None, size: int) -> tuple[list[str], Tensor]:
    if folder is None:
        return list(PHOTOGRAPHS), read_squares(PHOTOGRAPHS, size)
    paths = list_images(folder)
    if len(paths) < 2:
        raise InputError(f"{folder}: found one image, expected two or more")
    stems = [path.stem for path in paths]
    # Where a.png and a.jpg lie side by side, the stem names neither.
    names = [path.stem if stems.count(path.stem) == 1 else path.name for path in paths]
    return names, read_images(paths, size=size, crop="square")


def _row(found: Results, set_mean: float) -> dict[str, Any]:
    def over_images(kind: AttackKind, field: str, unit: float = 1.0) -> Mean | None:
        values = [each.evaluation[field] for each in found.get(kind, [])]
        if not values or values[0] is None:
            return None
        return mean_of([value / unit for value in values])

    levels = [each.evaluation["level"] for results in found.values() for each in results]
    return {
        "anchor_over_set_mean": mean_of(levels).mean / set_mean,
        "a1_relative_l2": over_images("a1", "relative_l2"),
        "a1_target_l2": over_images("a1", "target_l2"),
        "a1_relative_distance": over_images("a1", "relative_distance"),
        "a2_over_set_mean": over_images("a2", "distance", set_mean),
        "a2_relative_distance": over_images("a2", "relative_distance"),
    }


def _cells(
    kind: AttackKind, names: Sequence[str], pictures: Tensor, found: Mapping[str, Results]
) -> list[list[Cell]]:
    """Return a row for each of the first images: itself, and what every metric takes it for."""
    field, quantity = {"a1": ("relative_l2", "L2"), "a2": ("relative_distance", "d")}[kind]
    grid = []
    for index, name in enumerate(names[:_SHOWN]):
        row = [Cell(pictures[index], name)]
        for metric, results in found.items():
            result = results[kind][index]
            value = f"{quantity} x {result.evaluation[field]:.2f}"
            row.append(Cell(result.image, f"{title_of(metric)}\n{value}"))
        grid.append(row)
    return grid


def _report(metrics: Sequence[Metric], rows: Sequence[Mapping[str, Any]], count: int) -> str:
    columns = {
        "a1_relative_l2": "A1: L2 / anchor's",
        "a1_target_l2": "L2 left to target",
        "a1_relative_distance": "distance / anchor's",
        "a2_over_set_mean": "A2: distance / set's",
        "a2_relative_distance": "distance / anchor's",
    }
    shown = {key: title for key, title in columns.items() if any(row[key] for row in rows)}
    table = [("metric", "anchor / set's", *shown.values())]
    for metric, row in zip(metrics, rows, strict=True):
        cells = [_value(row[key]) for key in shown]
        anchor = f"{row['anchor_over_set_mean']:.3f}"
        table.append((title_of(metric.name), anchor, *cells))
    return (
        f"{format_table(table, '<' + '>' * (len(shown) + 1))}\n"
        f"means and standard errors over {count} images; L2 is the root mean square pixel "
        "difference,\nset's the mean distance between different images of the set"
    )


def _value(value: Mean | None) -> str:
    if value is None:
        return ""
    error = "" if math.isnan(value.standard_error) else f" +- {value.standard_error:.2f}"
    return f"{value.mean:.2f}{error}"
