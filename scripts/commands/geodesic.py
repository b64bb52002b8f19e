"""``elpips geodesic`` and ``elpips interpolate``: paths of images between two images."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import tyro

from ...geometry import INTERPOLATION
from ..runs.files import prepare_outdir, write_json
from ..runs.folder import closing_line, exit_code, run_record
from ..runs.options import flat
from ..runs.path import (
    FILES,
    PathArguments,
    PathSetup,
    judge,
    save_motion,
    save_path,
    save_steps,
    solve_in,
)
from ..runs.path_report import report_path

_Image = Annotated[Path, tyro.conf.Positional]
_INTERPOLATE = PathSetup(
    frames=3, init="flow", solver=INTERPOLATION, outdir=Path("outputs/interpolate")
)


def geodesic_command(start: _Image, end: _Image, setup: PathArguments = PathSetup()) -> int:
    """Compute the shortest path of images from START to END, and animate it.

    Args:
        start: An image file.
        end: An image file of the same size (see --size and --crop).
        setup: How.
    """
    return _compute("geodesic", start, end, setup)


def interpolate_command(start: _Image, end: _Image, setup: PathArguments = _INTERPOLATE) -> int:
    """Compute frames between two frames of real footage, at equal times.

    The path starts from both frames warped along their optical flow, which finds motions
    that the metric alone cannot (beyond about 4 pixels). --init crisp is the pure geodesic.

    Args:
        start: An image file.
        end: An image file of the same size (see --size and --crop).
        setup: How; 3 frames are one frame in between.
    """
    return _compute("interpolate", start, end, setup)


def _compute(command: str, start: Path, end: Path, setup: PathSetup) -> int:
    """Read two images, compute the path between them, save and judge it."""
    began = time.perf_counter()
    folder = prepare_outdir(setup.outdir)
    found = solve_in(
        folder,
        setup.read([start, end]),
        setup.frames,
        setup.solver,
        metric=setup.metric.create(),
        init=setup.init,
        label=command,
        names=[start.stem, end.stem],
        resume=setup.resume,
    )
    record = run_record(command, flat(start=start, end=end, setup=setup), found)
    write_json(folder / "run.json", record)
    save_path(folder, found.frames, setup.animation)
    motion = save_motion(folder, found)
    record["evaluation"] = judge(found, setup.judgement)
    record["seconds"]["total"] = time.perf_counter() - began
    write_json(folder / "run.json", record)
    save_steps(folder, found)
    print(report_path(record["evaluation"], solved=True))
    print(closing_line(found))
    for name in (*FILES, "steps.png", "run.json"):
        print(folder / name)
    for path in motion:
        print(path)
    return exit_code(found.stop_reason)
