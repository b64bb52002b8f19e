"""``elpips figure ablation``: what each member of the ensemble adds against attack A1.

The stages of the E-LPIPS paper's ablation, from LPIPS-VGG to E-LPIPS, each attacked by
itself: an image as near to TARGET as the stage's distance to SOURCE allows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import ascii_lowercase
from typing import Annotated, Any

import tyro

from ...geometry import AttackOptions
from ...media.grid import Cell, save_grid
from ...media.write import save_image
from ...metrics.base import image_size
from ..runs.attack import solve_or_read, title_of
from ..runs.files import prepare_outdir, write_json
from ..runs.options import (
    AttackArguments,
    Member,
    PictureOptions,
    Pictures,
    ensemble_options,
    make_metric,
    make_metrics,
    resolve_device,
    weights_record,
)
from ..runs.record import environment
from ..runs.tables import format_table


@dataclass(frozen=True)
class Stage:
    """A stage of the ablation: its name, metric and members of the ensemble."""

    title: str
    name: str
    metric: str = "elpips_vgg"
    members: tuple[Member, ...] | None = ()

    def options(self) -> dict[str, Any]:
        """Return the options of `create_metric`."""
        return ensemble_options(self.members)


STAGES = (
    Stage("LPIPS-VGG", "lpips", "lpips_vgg", None),
    # With average pooling, which the paper does not count as a stage of its own.
    Stage("+ all layers", "layers"),
    Stage("+ geometry", "geometry", members=("geometry",)),
    Stage("+ colour", "color", members=("geometry", "color")),
    Stage("+ scaling", "scaling", members=("geometry", "color", "scaling")),
    Stage("+ dropout\n(E-LPIPS)", "dropout", members=None),
)


def figure_ablation_command(
    source: Annotated[Path, tyro.conf.Positional],
    target: Annotated[Path, tyro.conf.Positional],
    *,
    others: tuple[str, ...] = (),
    pictures: Pictures = PictureOptions(size=128),
    solver: AttackArguments = AttackOptions(),
    device: str = "auto",
    outdir: Path = Path("outputs/figure_ablation"),
) -> int:
    """Draw Figure 3 of the paper: attack A1 from SOURCE towards TARGET, stage by stage.

    Args:
        source: The image file that metrics compare with.
        target: The image file that the attack moves towards.
        others: Other metrics to show after the stages.
        pictures: How images are read.
        solver: How each stage is attacked.
        device: auto, cpu, cuda, ...
        outdir: Folder for the figure and ablation.json; stages already in it are kept.
    """
    solver.check()
    folder = prepare_outdir(outdir, ["ablation.png", "ablation.json"])
    where = resolve_device(device)
    images = pictures.read([source, target]).to(where)
    metrics = [make_metric(stage.metric, where, **stage.options()) for stage in STAGES]
    shown = make_metrics(others, where)
    titles = [title_of(each.name) for each in shown]
    stages = [*STAGES, *(Stage(t, m.name) for t, m in zip(titles, shown, strict=True))]
    metrics += shown
    cells = [Cell(images[0], "(a) source"), Cell(images[1], "(b) target")]
    records, letters = [], ascii_lowercase[2 : 2 + len(stages)]
    for letter, stage, metric in zip(letters, stages, metrics, strict=True):
        found = solve_or_read(folder, stage.name, "a1", images[0], images[1], solver, metric=metric)
        each = found.evaluation
        cells.append(
            Cell(
                found.image,
                f"({letter}) {stage.title}\nL2 x {each['relative_l2']:.2f}\n"
                f"d = {each['distance']:.4f} ({each['level']:.4f})",
            )
        )
        records.append({"stage": stage.name, "seconds": found.seconds, **each})
    half = (len(cells) + 1) // 2
    save_grid(folder / "ablation.png", [cells[:half], cells[half:]])
    save_image(folder / "source.png", images[0])
    save_image(folder / "target.png", images[1])
    write_json(
        folder / "ablation.json",
        {
            "command": "figure ablation",
            "source": source,
            "target": target,
            "size": list(image_size(images)),
            "settings": solver,
            "environment": environment(where),
            "weights": {metric.name: weights_record(metric) for metric in metrics},
            "stages": records,
        },
    )
    print(_report(records))
    print(f"{folder / 'ablation.png'}\n{folder / 'ablation.json'}")
    return 0


def _report(records: Sequence[Mapping[str, Any]]) -> str:
    table = [("stage", "L2 / anchor's", "L2 left to target", "distance / anchor's", "+-")]
    for each in records:
        table.append(
            (
                each["stage"],
                f"{each['relative_l2']:.2f}",
                f"{each['target_l2']:.3f}",
                f"{each['relative_distance']:.3f}",
                f"{each['relative_distance_error']:.3f}",
            )
        )
    return format_table(table, "<>>>>")
