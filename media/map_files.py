"""Maps of a material as files: which kind each is, and its values as they are stored."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import torch
from torch import Tensor

from ..metrics.errors import InputError
from .colour import Raster, upright
from .crop import Crop
from .decode import first_raster, in_one_line
from .read import batch, check_short_side, read_images, scaled
from .source import read_source

_logger = logging.getLogger("elpips")

MapKind = Literal[
    "base", "normal", "normal_dx", "roughness", "gloss", "metallic", "specular", "height",
    "occlusion", "opacity", "emissive", "packed",
]  # fmt: skip
"""Kinds of maps; ``normal_dx`` has green downwards, ``packed`` several quantities as channels."""

COLOURS: tuple[MapKind, ...] = ("base", "emissive")
"""Those that are colours; the others are read as they are stored, whatever profile is stated."""

_SUFFIXES: Mapping[MapKind, str] = {
    "base": "albedo basecolor base diffuse diff color colour col",
    "normal": "normal normals nor nrm norm nml normalgl norgl",
    "normal_dx": "normaldx nordx normaldirectx",
    "roughness": "roughness rough rgh",
    "gloss": "gloss glossiness smoothness",
    "metallic": "metallic metalness metal mtl",
    "specular": "specular spec",
    "height": "height heightmap displacement disp bump hgt",
    "occlusion": "ao occlusion ambientocclusion occ",
    "opacity": "opacity alpha transparency",
    "emissive": "emissive emission emit",
    "packed": "orm arm rma mra ormh maskmap",
}
_KIND_OF = {word: kind for kind, words in _SUFFIXES.items() for word in words.split()}
_JOINED = 3


@dataclass(frozen=True)
class MapPair:
    """A map of both materials.

    Attributes
    ----------
    images
        (2, 3, H, W) in [0, 1]; what is grey has three equal channels.
    deep
        Whether one of the files holds more than 8 bits a channel.
    grey
        Whether both are quantities of a single channel.
    """

    images: Tensor
    deep: bool
    grey: bool = False


def kind_of_map(name: str) -> MapKind | None:
    """Return what a file's name says that it is, or None.

    By the last word that is a usual suffix: ``Bricks_1K-PNG_NormalGL.png``, ``wall_nor_gl_4k``.
    """
    stem = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", Path(name).stem).lower()
    words = [word for word in re.split(r"[\W_]+", stem) if word]
    for last in range(len(words), 0, -1):
        for first in range(max(0, last - _JOINED), last):
            found = _KIND_OF.get("".join(words[first:last]))
            if found is not None:
                follows = words[last : last + 1]
                return "normal_dx" if found == "normal" and follows == ["dx"] else found
    return None


def kind_named(name: str) -> MapKind | None:
    """Return the kind of a name, None for ``skip``.

    Raises
    ------
    InputError
        There is no such kind.
    """
    if name == "skip":
        return None
    for kind in get_args(MapKind):
        if name == kind:
            return kind
    known = ", ".join(get_args(MapKind))
    raise InputError(f"kind {name!r}: expected skip or one of {known}")


def read_map_pair(
    paths: Sequence[str | os.PathLike[str]],
    kind: MapKind,
    *,
    size: int | None = None,
    crop: Crop | None = None,
) -> MapPair:
    """Read the files of a map of two materials.

    Colours are read as of `read_images`, transparency ignored. Of other maps the samples are
    taken as they are stored: no profile that a program has put there changes them.

    Raises
    ------
    InputError
        In one line: a file cannot be read, or sizes differ.
    """
    check_short_side(size)
    rasters = [_stored(path) for path in paths]
    deep = any(raster.deep for raster in rasters)
    grey = all(raster.colour.shape[2] == 1 for raster in rasters)
    if kind in COLOURS:
        return MapPair(read_images(paths, size=size, crop=crop, alpha="ignore"), deep)
    names = [str(path) for path in paths]
    images = []
    for raster, name in zip(rasters, names, strict=True):
        for notice in raster.notices:
            _logger.warning("%s: %s", name, notice)
        image = torch.from_numpy(upright(raster.colour, raster.orientation).copy())
        images.append(scaled(image.permute(2, 0, 1).expand(3, -1, -1).contiguous(), size, name))
    return MapPair(batch(images, names, size, crop), deep, grey)


def _stored(path: str | os.PathLike[str]) -> Raster:
    """Return what a file holds, grey or RGB."""
    data = read_source(path)
    try:
        with in_one_line():
            raster = first_raster(data)
        if raster.colour.shape[2] not in (1, 3):
            raise InputError("found CMYK; expected grey or RGB of a map")
    except InputError as error:
        raise InputError(f"{path}: {error}") from error.__cause__
    return raster
