"""``elpips materials``: one path for all the maps of two materials."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, get_args

import tyro

from ...media.map_files import MapKind
from ...metrics import InputError
from ..runs.material_set import MATERIALS, find_maps, form_of, save_maps
from ..runs.path_setup import PathArguments, PathSetup
from ..runs.two_images import Besides, compute_path

_Folder = Annotated[Path, tyro.conf.Positional]
_KINDS = [kind for kind in get_args(MapKind) if kind != "base"]


def materials_command(
    start: _Folder, end: _Folder, *, kind: tuple[str, ...] = (), setup: PathArguments = MATERIALS
) -> int:
    """Compute one path for the maps of two materials, which stay in step.

    The base colour's path is computed as by geodesic with --motion; normal, roughness, height and
    all other maps that both folders have are moved and mixed by the same motion and weights.
    Which file is what is told by the usual suffixes of names, and said.

    Args:
        start: A folder with the maps of one surface.
        end: Another one.
        kind: FILE=KIND, for names that say something else; FILE=skip leaves a file out.
        setup: How; frames and animation are of the base colour.
    """
    _check(setup)
    maps = find_maps(start, end, kind)
    base = setup.read([maps[0].start, maps[0].end])
    # All is read before hours of work, and nothing is kept of it but what is wrong.
    deep = [each.read(setup.pictures, base).deep for each in maps]
    shown = replace(setup.animation, frame_format=form_of(setup.animation, deep[0]))
    besides = Besides(
        arguments={"start": start, "end": end, "kind": kind, "setup": setup},
        inputs=[path for each in maps[1:] for path in (each.start, each.end)],
        targets=[*(f"{each}/" for each in _KINDS), *(f"{each}.png" for each in _KINDS)],
        save=lambda results, found: {
            "maps": save_maps(results, maps, found, setup.pictures, setup.animation)
        },
    )
    return compute_path(
        "materials",
        maps[0].start,
        maps[0].end,
        replace(setup, animation=shown),
        besides=besides,
    )


def _check(setup: PathSetup) -> None:
    """Refuse options with which maps could not go where the base colour goes."""
    setup.pictures.check_flat("materials")
    if setup.init not in (None, "objects"):
        raise InputError(f"init: found {setup.init!r}; maps need a motion, expected objects")
    if setup.solver.equal_steps:
        raise InputError("equal steps: maps are moved at even times; leave it out")
    if setup.animation.frame_format == "exr":
        raise InputError("frame format: OpenEXR here is linear light of sRGB; expected png, png16")
