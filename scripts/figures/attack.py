"""``elpips figure attack``: images that fool each of several metrics, judged by all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import torch
import tyro
from torch import Tensor

from ...geometry import AttackOptions
from ...geometry.attack_problem import AttackKind
from ...geometry.noise import noisy
from ...media.grid import Cell, save_grid
from ...media.write import save_image
from ...metrics import InputError, Metric, compare
from ...metrics.base import image_size
from ..runs.attack import solve_or_read, title_of
from ..runs.files import prepare_outdir, write_json
from ..runs.options import (
    AttackArguments,
    PictureOptions,
    Pictures,
    make_metrics,
    resolve_device,
    weights_record,
)
from ..runs.record import environment
from ..runs.tables import format_table

_KINDS: tuple[AttackKind, ...] = ("a1", "a2")


def figure_attack_command(
    source: Annotated[Path, tyro.conf.Positional],
    target: Annotated[Path, tyro.conf.Positional],
    *,
    metrics: tuple[str, ...] = ("lpips_vgg", "lpips_alex", "elpips_vgg"),
    pictures: Pictures = PictureOptions(size=128),
    solver: AttackArguments = AttackOptions(),
    device: str = "auto",
    outdir: Path = Path("outputs/figure_attack"),
) -> int:
    """Draw Figures 1 and 2 of the paper: what each metric takes for SOURCE, and what not.

    The upper row shows A1, images as near to TARGET as their distance to SOURCE allows; the
    lower A2, images as far as the metric can be made to put them without changing pixels by
    more than a little noise. Every image is then judged by every metric.

    Args:
        source: The image file that metrics compare with.
        target: The image file that A1 moves towards.
        metrics: Names of the metrics to attack.
        pictures: How images are read.
        solver: How metrics are attacked.
        device: auto, cpu, cuda, ...
        outdir: Folder for the figure and attack.json; attacks already in it are kept.
    """
    solver.check()
    if not metrics:
        raise InputError("expected at least one of --metrics")
    folder = prepare_outdir(outdir, ["attack.png", "attack.json"])
    where = resolve_device(device)
    images = pictures.read([source, target]).to(where)
    judges = make_metrics(metrics, where)
    anchor = noisy(images[:1], solver.sigma, solver.seed)[0]
    shown = {"anchor": anchor, "target": images[1]}
    rows = [
        [Cell(images[0], "source"), Cell(images[1], "target")],
        [Cell(images[0], "source"), Cell(anchor, f"anchor\nnoise of sigma {solver.sigma:g}")],
    ]
    for kind, row in zip(_KINDS, rows, strict=True):
        for metric in judges:
            name = f"{kind}_{metric.name}"
            goal = images[1] if kind == "a1" else None
            found = solve_or_read(folder, name, kind, images[0], goal, solver, metric=metric)
            each = found.evaluation
            title = f"{kind.upper()} on {title_of(metric.name)}"
            value = (
                f"L2 x {each['relative_l2']:.2f}, d x {each['relative_distance']:.2f}"
                f"\nd = {each['distance']:.4f} ({each['level']:.4f})"
            )
            row.append(Cell(found.image, f"{title}\n{value}"))
            shown[name] = found.image.to(where)
    table = judge(judges, images[0], shown, solver.evaluation_draws, solver.seed)
    save_grid(folder / "attack.png", rows)
    for name, image in (("source", images[0]), ("target", images[1]), ("anchor", anchor)):
        save_image(folder / f"{name}.png", image)
    write_json(
        folder / "attack.json",
        {
            "command": "figure attack",
            "source": source,
            "target": target,
            "size": list(image_size(images)),
            "settings": solver,
            "environment": environment(where),
            "weights": {metric.name: weights_record(metric) for metric in judges},
            "distances": table,
        },
    )
    print(_report(table))
    print(f"{folder / 'attack.png'}\n{folder / 'attack.json'}")
    return 0


@torch.no_grad()
def judge(
    metrics: Sequence[Metric], source: Tensor, images: Mapping[str, Tensor], draws: int, seed: int
) -> dict[str, dict[str, dict[str, float]]]:
    """Return every metric's distance of images to the source, with its standard error."""
    candidates = torch.stack(list(images.values()))
    table = {}
    for metric in metrics:
        found = compare(metric, source, candidates, max_draws=draws, seed=seed)
        values = zip(
            images,
            found.estimate.distance.tolist(),
            found.estimate.standard_error.tolist(),
            strict=True,
        )
        table[metric.name] = {
            name: {"distance": distance, "standard_error": error}
            for name, distance, error in values
        }
    return table


def _report(table: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> str:
    """Return distances relative to the anchor's, an image a row and a metric a column."""
    rows = [("distance / anchor's", *(title_of(name) for name in table))]
    for name in next(iter(table.values())):
        units = (each[name]["distance"] / each["anchor"]["distance"] for each in table.values())
        rows.append((name, *(f"{unit:.2f}" for unit in units)))
    return format_table(rows, "<" + ">" * len(table))
