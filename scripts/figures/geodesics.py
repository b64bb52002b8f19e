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

from ...geometry.path_evaluation import evaluate_path
from ...media.grid import Cell, save_grid
from ...media.read import read_images
from ...media.scanline import choose_rows, scanline
from ...media.write import to_uint8
from ...metrics.base import image_size
from ...metrics.seeds import stream
from ..runs.files import plain, prepare_outdir, write_json
from ..runs.folder import has_checkpoint
from ..runs.options import make_metric, weights_record
from ..runs.path import (
    AnimationArguments,
    AnimationOptions,
    check_animation,
    save_animations,
    save_frames,
)
from ..runs.path_run import PathArguments, PathOptions, SolvedPath, check_options, solve_path
from ..runs.record import environment

PANELS = {"elpips_vgg": "E-LPIPS", "lpips_vgg": "LPIPS-VGG", "l2": "L2"}
GAP = 5
"""Pixels between panels, as published."""

_SHOWN = 5


def figure_geodesics_command(
    start: Annotated[Path, tyro.conf.Positional],
    end: Annotated[Path, tyro.conf.Positional],
    *,
    frames: int = 10,
    size: int | None = 128,
    options: PathArguments = PathOptions(),  # noqa: B008 (frozen)
    animation: AnimationArguments = AnimationOptions(),  # noqa: B008 (frozen)
    outdir: Path = Path("outputs/figure_geodesics"),
    resume: bool = False,
) -> int:
    """Draw Figure 5 of the paper: geodesics from START to END under three metrics.

    Args:
        start: An image file.
        end: An image file.
        frames: Frames of the paths, both ends counted.
        size: Scale the short sides to this many pixels (and crop to squares).
        options: How the paths are computed; --metric is not used.
        animation: How they are animated.
        outdir: Folder for the figure, the animation, the frames and figure.json.
        resume: Go on from the checkpoints in OUTDIR.
    """
    arguments = plain(locals())
    check_options(options)
    folder = prepare_outdir(outdir)
    pictures = read_images([start, end], size=size)
    check_animation(animation, pictures.shape[-2])
    judge = make_metric("elpips_vgg", options.device)
    solved: dict[str, SolvedPath] = {}
    for name, title in PANELS.items():
        part = prepare_outdir(folder / name)
        metric = judge if name == judge.name else make_metric(name, options.device)
        # The cross-fade is the L2 geodesic: there is nothing to optimise.
        own = replace(options, metric=name)
        if name == "l2":
            own = replace(own, init="blend", steps=0)
        solved[name] = solve_path(
            pictures.to(options.where),
            frames,
            metric,
            own,
            part,
            names=[start.stem, end.stem],
            resume=resume and has_checkpoint(part),
            label=title,
        )
        if solved[name].interrupted:
            raise KeyboardInterrupt
        save_frames(part / "frames", solved[name].frames)
    paths = {name: each.frames.cpu() for name, each in solved.items()}
    panels = [labelled(paths[name], title) for name, title in PANELS.items()]
    save_animations(folder, side_by_side(panels), animation)
    row = (animation.rows or tuple(choose_rows(paths["elpips_vgg"], 1)))[0]
    save_grid(folder / "figure.png", _rows(paths, row))
    evaluations = {
        name: evaluate_path(
            path.to(options.where),
            judge,
            draws=options.evaluation_draws,
            generator=stream(options.seed, "evaluate"),
        ).path
        for name, path in paths.items()
    }
    write_json(
        folder / "figure.json",
        {
            "command": "figure geodesics",
            "arguments": arguments,
            "size": list(image_size(pictures)),
            "row": row,
            "environment": environment(options.where),
            "weights": {name: weights_record(each.problem.metric) for name, each in solved.items()},
            "under_elpips_vgg": evaluations,
        },
    )
    print(f"{'geodesic of':<12}{'PPL':>8}{'end step':>10}{'contrast':>10}{'detail':>8}  (E-LPIPS)")
    for name, found in evaluations.items():
        print(
            f"{PANELS[name]:<12}{found.normalized_ppl:>8.2f}{found.end_step_ratio:>10.2f}"
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


def _rows(paths: dict[str, Tensor], row: int) -> list[list[Cell]]:
    """Lay out the figure: a metric per row; frames, then the slice through ``row``."""
    rows = []
    for name, path in paths.items():
        last = len(path) - 1
        shown = [round(last * index / (_SHOWN - 1)) for index in range(_SHOWN)]
        cells = [Cell(path[i], f"{PANELS[name]}, frame {i + 1} of {last + 1}") for i in shown]
        cells.append(Cell(scanline(path, row), f"row {row} over time (down)"))
        rows.append(cells)
    return rows
