"""The maps of two materials: files of two folders by their kinds, and what is in both."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from torch import Tensor

from ...geometry import Geodesic, GeodesicOptions
from ...geometry.material import Role, move_map, unit_normals
from ...geometry.sine_modes import times_of
from ...geometry.texture_flow import TextureFlow
from ...media import FrameFormat, list_images, save_filmstrip, save_frames
from ...media.frame_files import Values
from ...media.map_files import COLOURS, MapKind, MapPair, kind_named, kind_of_map, read_map_pair
from ...metrics import InputError
from .options import PictureOptions
from .path_setup import PathSetup, ShowOptions
from .results import Results

logger = logging.getLogger("elpips")

MATERIALS = PathSetup(solver=GeodesicOptions(motion=1.0), outdir=Path("outputs/materials"))
"""How the path of materials is computed if nothing else is said."""


@dataclass(frozen=True)
class MapFiles:
    """The files of a map of two materials."""

    kind: MapKind
    start: Path
    end: Path

    @property
    def role(self) -> Role:
        """What its values are."""
        if self.kind in COLOURS:
            return "colour"
        return "normal" if self.kind in ("normal", "normal_dx") else "data"

    def read(self, pictures: PictureOptions, base: Tensor) -> MapPair:
        """Read both files, of the size of the base colours; scaled normals have unit length.

        Raises
        ------
        InputError
            One cannot be read, or is of another size.
        """
        both = (self.start, self.end)
        found = read_map_pair(both, self.kind, size=pictures.size, crop=pictures.crop)
        if found.images.shape != base.shape:
            size, expected = (
                f"{each.shape[-1]} x {each.shape[-2]}" for each in (found.images, base)
            )
            raise InputError(
                f"{self.start}: {self.kind} has {size} pixels and the base colour {expected}; "
                "expected one size (--size N scales all)"
            )
        if pictures.size is not None and self.role == "normal":
            return replace(found, images=unit_normals(found.images))
        return found


def find_maps(start: Path, end: Path, kinds: Sequence[str]) -> list[MapFiles]:
    """Return the maps that two folders have in common, the base colour first; tell of all.

    Parameters
    ----------
    start, end
        Folders of maps.
    kinds
        FILE=KIND, for files whose name does not say what they are, or is wrong.

    Raises
    ------
    InputError
        There is no base colour, two files of one kind, or a name that is none.
    """
    given = dict(_given(each) for each in kinds)
    sides = [_by_kind(folder, given) for folder in (start, end)]
    if unknown := given.keys() - {name for _, names in sides for name in names}:
        raise InputError(f"kind: there is no file {min(unknown)} in {start} or {end}")
    first, second = (found for found, _ in sides)
    for folder, found, other in ((start, first, second), (end, second, first)):
        if "base" not in found:
            raise InputError(
                f"{folder}: has no base colour (..._basecolor, _albedo, _diffuse, _color); "
                "--kind FILE=base says which it is"
            )
        for kind in found.keys() - other.keys():
            logger.warning("%s: left out, the other side has no %s", found[kind], kind)
    shared = sorted(first.keys() & second.keys(), key=lambda kind: (kind != "base", kind))
    maps = [MapFiles(kind, first[kind], second[kind]) for kind in shared]
    for each in maps:
        logger.warning("%s (%s): %s and %s", each.kind, each.role, each.start.name, each.end.name)
    return maps


def _by_kind(
    folder: Path, given: dict[str, MapKind | None]
) -> tuple[dict[MapKind, Path], set[str]]:
    """Return a folder's maps by kind, and the names of all its pictures."""
    found: dict[MapKind, Path] = {}
    paths = list_images(folder)
    for path in paths:
        kind = given[path.name] if path.name in given else kind_of_map(path.name)
        if kind is None:
            if path.name not in given:
                logger.warning("%s: left out, its name says no kind (--kind FILE=KIND)", path)
        elif kind in found:
            raise InputError(
                f"{path}: is a second {kind} beside {found[kind].name}; --kind {path.name}=skip "
                "leaves it out"
            )
        else:
            found[kind] = path
    return found, {path.name for path in paths}


def _given(text: str) -> tuple[str, MapKind | None]:
    file, equals, kind = text.rpartition("=")
    if not equals or not file:
        raise InputError(f"kind: found {text!r}, expected FILE=KIND")
    return Path(file).name, kind_named(kind)


def form_of(options: ShowOptions, deep: bool) -> FrameFormat:
    """Return how a map's frames are written: at 16 bits where one of its files has more than 8."""
    return "png16" if deep and options.frame_format == "png" else options.frame_format


def save_maps(
    results: Results,
    maps: Sequence[MapFiles],
    found: Geodesic,
    pictures: PictureOptions,
    options: ShowOptions,
) -> dict[str, Any]:
    """Save a path's maps but the base colour, each as a folder and a strip; return their record.

    They go the way of the objects of the base colour where these move, else they are mixed.
    """
    problem = found.problem
    base, times = problem.ends, times_of(problem.transitions)
    flow = problem.reference.flow or TextureFlow.still(base[0], base[1], problem.wrap)
    record: dict[str, Any] = {}
    for each in maps:
        pair = each.read(pictures, base)
        record[each.kind] = {
            "start": each.start,
            "end": each.end,
            "role": each.role,
            "deep": pair.deep,
            "grey": pair.grey,
        }
        if each.kind != "base":
            ends = pair.images.to(base)
            frames = move_map(flow, ends[0], ends[1], times, each.role).cpu()
            form = form_of(options, pair.deep)
            values: Values = "colour" if each.role == "colour" else "grey" if pair.grey else "data"
            results.write(each.kind, partial(_save, frames=frames, form=form, values=values))
            results.write(f"{each.kind}.png", partial(_strip, name=each.kind, frames=frames))
    return record


def _save(path: Path, frames: Tensor, form: FrameFormat, values: Values) -> None:
    save_frames(path, frames, form, values)


def _strip(path: Path, name: str, frames: Tensor) -> None:
    save_filmstrip(path, [(name, frames)])
