"""``elpips materials``: one path for all the maps of two materials."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, get_args

import tyro

from ...geometry import GeodesicOptions
from ...geometry.material import move_map
from ...geometry.sine_modes import times_of
from ...geometry.texture_flow import TextureFlow
from ...media import ANIMATIONS
from ...media.map_files import MapKind
from ...metrics import InputError
from ..runs.files import remove_earlier, write_json
from ..runs.folder import closing_line, run_record
from ..runs.material_set import find_maps, form_of, save_map
from ..runs.options import flat
from ..runs.path import (
    MOTION,
    PathArguments,
    PathSetup,
    judge,
    save_animations,
    save_motion,
    solve_in,
)
from ..runs.path_report import report_path
from ..runs.results import Results

_Folder = Annotated[Path, tyro.conf.Positional]
_SETUP = PathSetup(solver=GeodesicOptions(motion=1.0), outdir=Path("outputs/materials"))
_KINDS = get_args(MapKind)
_TARGETS = (
    *(f"animation{ending}" for ending in ANIMATIONS),
    *(f"{kind}/" for kind in _KINDS),
    *(f"{kind}.png" for kind in _KINDS),
    *MOTION[1:], "run.json", "flow/", "inputs/",
)  # fmt: skip


def materials_command(
    start: _Folder, end: _Folder, *, kind: tuple[str, ...] = (), setup: PathArguments = _SETUP
) -> int:
    """Compute one path for the maps of two materials, which stay in step.

    The base colour's path is computed as by morph with --motion; normal, roughness, height and
    all other maps that both folders have are moved and mixed by the same motion and weights.
    Which file is what is told by the usual suffixes of names, and said.

    Args:
        start: A folder with the maps of one surface.
        end: Another one.
        kind: FILE=KIND, for names that say something else; FILE=skip leaves a file out.
        setup: How; the animation is of the base colour.
    """
    began = time.perf_counter()
    _check(setup)
    maps = find_maps(start, end, kind)
    folder = setup.prepare([path for each in maps for path in (each.start, each.end)], _TARGETS)
    base = setup.read([maps[0].start, maps[0].end])
    # All is read before hours of work, and nothing is kept of it but what is wrong.
    deep = {each.kind: each.read(setup.pictures, base).deep for each in maps}
    results = Results(folder)
    found = solve_in(
        folder,
        base,
        setup.frames,
        setup.solver,
        metric=setup.metric.create(),
        init=setup.init,
        label="materials",
        names=[maps[0].start.stem, maps[0].end.stem],
        resume=setup.resume,
        results=results,
    )
    record = run_record("materials", flat(start=start, end=end, kind=kind, setup=setup), found)
    record["maps"] = {
        each.kind: {
            "start": each.start,
            "end": each.end,
            "role": each.role,
            "deep": deep[each.kind],
        }
        for each in maps
    }
    results.write("run.json", lambda path: write_json(path, record))
    stiffness, wrap = setup.solver.motion or 1.0, found.problem.wrap
    flow = TextureFlow.between(base[0], base[1], stiffness, wrap)
    times = times_of(found.problem.transitions)
    for each in maps:
        if each.kind == "base":
            frames = found.frames
        else:
            ends = each.read(setup.pictures, base).images.to(base)
            frames = move_map(flow, ends[0], ends[1], times, each.role)
        save_map(results, each.kind, frames.cpu(), form_of(setup.animation, deep[each.kind]))
    save_animations(results, found.frames.cpu(), setup.animation)
    save_motion(results, found)
    record["evaluation"] = results.compute(lambda: judge(found, setup.judgement))
    record["seconds"]["total"] = time.perf_counter() - began
    results.write("run.json", lambda path: write_json(path, record))
    remove_earlier(folder)
    print(report_path(record["evaluation"], solved=True))
    print(closing_line(found))
    for path in results.paths([name.rstrip("/") for name in _TARGETS]):
        print(path)
    return results.exit_code(found.stop_reason)


def _check(setup: PathSetup) -> None:
    """Refuse options with which maps could not go where the base colour goes."""
    if setup.init not in (None, "objects"):
        raise InputError(f"init: found {setup.init!r}; maps need a motion, expected objects")
    if setup.solver.equal_steps:
        raise InputError("equal steps: maps are moved at even times; leave it out")
    if setup.animation.frame_format == "exr":
        raise InputError("frame format: OpenEXR here is linear light of sRGB; expected png, png16")
