"""``elpips figure geodesics``: Figure 5 of the E-LPIPS paper for any two images.

Geodesics under E-LPIPS, LPIPS-VGG and L2 (the cross-fade): frames, an x-t slice of each, and
the three-panel animation that the authors published.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import tyro
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from ...geometry import DEFAULT_FRAMES, Geodesic, GeodesicOptions
from ...geometry.path_evaluation import evaluate_path
from ...media import AnimationOptions, save_animation, save_frames
from ...media.grid import Cell, save_grid
from ...media.scanline import choose_rows, scanline
from ...media.write import to_uint8
from ...metrics.base import image_size
from ..runs.attack import title_of
from ..runs.files import prepare_outdir, write_json
from ..runs.options import (
    GeodesicArguments,
    PictureOptions,
    Pictures,
    flat,
    make_metrics,
    resolve_device,
    weights_record,
)
from ..runs.path import solve_or_stop
from ..runs.path_setup import ShowOptions
from ..runs.record import environment

PANELS = {"elpips_vgg": "E-LPIPS", "lpips_vgg": "LPIPS-VGG", "l2": "L2"}
GAP = 5
"""Pixels between panels, as published."""

_SHOWN = 5

AnimationArguments = Annotated[
    tyro.conf.OmitArgPrefixes[AnimationOptions], tyro.conf.arg(name="animation")
]


def figure_geodesics_command(
    start: Annotated[Path, tyro.conf.Positional],
    end: Annotated[Path, tyro.conf.Positional],
    *,
    frames: int = DEFAULT_FRAMES,
    init: str | None = None,
    others: tuple[str, ...] = (),
    pictures: Pictures = PictureOptions(size=128),
    solver: GeodesicArguments = GeodesicOptions(),
    animation: AnimationArguments = AnimationOptions(),
    row: int | None = None,
    device: str = "auto",
    outdir: Path = Path("outputs/figure_geodesics"),
    resume: bool = False,
) -> int:
    """Draw Figure 5 of the paper: geodesics from START to END under three metrics.

    Args:
        start: An image file.
        end: An image file.
        frames: Frames of a path, both ends counted.
        init: Where paths start, as of geodesic.
        others: Other metrics to show before L2.
        pictures: How images are read.
        solver: How paths are computed.
        animation: How the panels are animated.
        row: Row of pixels that is shown over time; chosen by what moves if not given.
        device: auto, cpu, cuda, ...
        outdir: Folder for figure.png, figure.json, animations, and a folder of each metric.
        resume: Go on from the checkpoints in OUTDIR.
    """
    arguments = flat(
        start=start, end=end, frames=frames, init=init, others=others, pictures=pictures,
        solver=solver, animation=animation, row=row, device=device, outdir=outdir, resume=resume,
    )  # fmt: skip
    pictures.check_flat("this figure")
    solver.check()
    folder = prepare_outdir(outdir, ["figure.png", "figure.json"])
    images = pictures.read([start, end]).to(resolve_device(device))
    rows = None if row is None else (row,)
    ShowOptions(**vars(animation), rows=rows).check(images.shape[-2])
    made = make_metrics(["elpips_vgg", "lpips_vgg", *others, "l2"], device)
    judge, metrics = made[0], {each.name: each for each in made}
    panels = {name: PANELS.get(name, title_of(name)) for name in metrics}
    solved: dict[str, Geodesic] = {}
    for name, title in panels.items():
        part = prepare_outdir(folder / name)
        # The cross-fade is the L2 geodesic: there is nothing to optimise.
        straight = name == "l2"
        solved[name] = solve_or_stop(
            part,
            images,
            frames,
            replace(solver, steps=0) if straight else solver,
            metric=metrics[name],
            init="blend" if straight else init,
            label=title,
            names=[start.stem, end.stem],
            resume=resume and (part / "checkpoint.pt").exists(),
        )
        save_frames(part / "frames", solved[name].frames)
    paths = {name: each.frames.cpu() for name, each in solved.items()}
    shown = [labelled(paths[name], title) for name, title in panels.items()]
    for suffix in ("gif", "mp4"):
        save_animation(folder / f"animation.{suffix}", side_by_side(shown), animation)
    line = choose_rows(paths["elpips_vgg"], 1)[0] if row is None else row
    save_grid(folder / "figure.png", _rows(paths, line, panels))
    evaluations = {
        name: evaluate_path(
            judge.tiled(solver.tile),
            path.to(images.device),
            draws=solver.evaluation_draws,
            seed=solver.seed,
            chunk=solver.chunk,
        ).path
        for name, path in paths.items()
    }
    write_json(
        folder / "figure.json",
        {
            "command": "figure geodesics",
            "arguments": arguments,
            "size": list(image_size(images)),
            "row": line,
            "environment": environment(images.device),
            "weights": {name: weights_record(each.problem.metric) for name, each in solved.items()},
            "under_elpips_vgg": evaluations,
        },
    )
    print(f"{'geodesic of':<12}{'PPL':>8}{'end step':>10}{'contrast':>10}{'detail':>8}  (E-LPIPS)")
    for name, found in evaluations.items():
        print(
            f"{panels[name]:<12}{found.normalized_ppl:>8.2f}{found.end_step_ratio:>10.2f}"
            f"{found.mid_contrast:>10.2f}{found.high_band_ratio:>8.2f}"
        )
    for each in ("figure.png", "animation.gif", "animation.mp4", "figure.json"):
        print(folder / each)
    return 0


def labelled(path: Tensor, title: str) -> Tensor:
    """Write a title into the corner of every frame (N, 3, H, W), as published."""
    frames = []
    for frame in to_uint8(path):
        picture = Image.fromarray(frame)
        font = ImageFont.load_default(max(10, frame.shape[0] // 14))
        ImageDraw.Draw(picture).text(
            (4, 2), title, "white", font=font, stroke_width=1, stroke_fill="black"
        )
        frames.append(torch.from_numpy(np.array(picture)).permute(2, 0, 1))
    return torch.stack(frames).float() / 255


def side_by_side(paths: list[Tensor]) -> Tensor:
    """Put paths (N, 3, H, W) beside each other on white, (N, 3, H, W')."""
    gap = torch.ones(*paths[0].shape[:3], GAP)
    parts = [paths[0]]
    for path in paths[1:]:
        parts += [gap, path]
    return torch.cat(parts, dim=3)


def _rows(paths: dict[str, Tensor], row: int, panels: dict[str, str]) -> list[list[Cell]]:
    """Lay out the figure: a metric per row; frames, then the slice through ``row``."""
    rows = []
    for name, path in paths.items():
        last = len(path) - 1
        shown = [round(last * index / (_SHOWN - 1)) for index in range(_SHOWN)]
        cells = [Cell(path[i], f"{panels[name]}, frame {i + 1} of {last + 1}") for i in shown]
        cells.append(Cell(scanline(path, row), f"row {row} over time (down)"))
        rows.append(cells)
    return rows
