"""Photographs and textures that come with scikit-image and matplotlib: nothing to download.

Licences, as scikit-image documents them: *astronaut* (Eileen Collins, by NASA) and *hubble*
(NASA, ESA), no restrictions, public domain; *brick*, *grass* and *gravel*, CC0 (CC0
Textures); *camera*, CC0 (Lav Varshney); *chelsea*, CC0 (Stefan van der Walt); *coffee*, CC0
(Rachel Michetti); *retina*, CC0 (Mikael Häggström); *rocket*, public domain (SpaceX); *tissue*, no
known restrictions (`immunohistochemistry`, Center for Microscopy and Molecular Imaging).
For *motorcycle*, of the Middlebury 2014 stereo benchmark [1]_, it states none. *hopper*
(Grace Hopper), from matplotlib, is a photograph of the US Navy in the public domain.

References
----------
.. [1] D. Scharstein et al., "High-resolution stereo datasets with subpixel-accurate ground
   truth", GCPR 2014.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor

from ..metrics.errors import InputError
from .crop import center_crop, resize_short_side
from .decode import decode
from .folder import list_images
from .read import read_image


@dataclass(frozen=True)
class _Sample:
    """A file of a package, and the part of it: (left, top, width, height), None for all."""

    file: str
    box: tuple[int, int, int, int] | None = None
    package: str = "skimage"
    folder: str = "data"

    def load(self) -> Tensor:
        # Importing the package just for its place would take long.
        spec = find_spec(self.package)
        if spec is None or spec.origin is None:
            raise FileNotFoundError(self.package)
        path = Path(spec.origin).parent / self.folder / self.file
        image, _ = decode(path.read_bytes())
        left, top, width, height = self.box or (0, 0, image.shape[1], image.shape[0])
        image = image[top : top + height, left : left + width]
        return torch.from_numpy(image).permute(2, 0, 1).contiguous()


def _hopper(box: tuple[int, int, int, int] | None = None) -> _Sample:
    return _Sample("grace_hopper.jpg", box, "matplotlib", "mpl-data/sample_data")


_SAMPLES = {
    # Photographs.
    "astronaut": _Sample("astronaut.png"),
    "camera": _Sample("camera.png"),
    "chelsea": _Sample("chelsea.png"),
    "coffee": _Sample("coffee.png"),
    "hopper": _hopper(),
    "hubble": _Sample("hubble_deep_field.jpg"),
    "motorcycle_left": _Sample("motorcycle_left.png"),
    "motorcycle_right": _Sample("motorcycle_right.png"),
    "retina": _Sample("retina.jpg"),
    "rocket": _Sample("rocket.jpg"),
    # Faces with the eyes in the same places, once they are scaled to one size.
    "astronaut_face": _Sample("astronaut.png", (163, 45, 128, 128)),
    "hopper_face": _hopper((122, 63, 277, 277)),
    # Textures: first grey, then coloured.
    "brick": _Sample("brick.png"),
    "grass": _Sample("grass.png"),
    "gravel": _Sample("gravel.png"),
    "brick_left": _Sample("brick.png", (0, 128, 256, 256)),
    "brick_right": _Sample("brick.png", (256, 128, 256, 256)),
    "gravel_left": _Sample("gravel.png", (0, 128, 256, 256)),
    "gravel_right": _Sample("gravel.png", (256, 128, 256, 256)),
    "fur": _Sample("chelsea.png", (204, 0, 96, 96)),
    "stars_left": _Sample("hubble_deep_field.jpg", (160, 300, 256, 256)),
    "stars_right": _Sample("hubble_deep_field.jpg", (560, 300, 256, 256)),
    "tissue": _Sample("ihc.png"),
    "tissue_left": _Sample("ihc.png", (30, 40, 192, 192)),
    "tissue_right": _Sample("ihc.png", (256, 0, 192, 192)),
    "wood": _Sample("coffee.png", (472, 272, 128, 128)),
}


def sample_names() -> tuple[str, ...]:
    """Names that `read_sample` knows."""
    return tuple(_SAMPLES)


PHOTOGRAPHS = (
    "astronaut",
    "camera",
    "chelsea",
    "coffee",
    "hopper",
    "hubble",
    "motorcycle_left",
    "retina",
    "rocket",
    "tissue",
)
"""The samples that are photographs, each scene once."""


def read_sample(name: str) -> Tensor:
    """Load a sample image.

    Parameters
    ----------
    name
        One of `sample_names()`.

    Returns
    -------
    Tensor
        (3, H, W), float32 in [0, 1]; grey images have three equal channels.

    Raises
    ------
    InputError
        There is no sample of this name, or the installed package came without it.
    """
    if name not in _SAMPLES:
        raise InputError(f"no sample image '{name}'; expected one of {', '.join(_SAMPLES)}")
    sample = _SAMPLES[name]
    try:
        return sample.load()
    except OSError:
        raise InputError(
            f"sample image '{name}': this installation of {sample.package} has no {sample.file}"
        ) from None


def read_photographs(
    folder: str | os.PathLike[str] | None, names: Sequence[str]
) -> dict[str, Tensor]:
    """Read the pictures of a folder by file name, or where none is given the samples named.

    Raises
    ------
    InputError
        There is no such folder or sample, or no picture in it.
    """
    if folder is None:
        return {name: read_sample(name) for name in names}
    return {path.name: read_image(path) for path in list_images(folder)}


def read_squares(names: Sequence[str], size: int) -> Tensor:
    """Load samples as squares of one size: scaled, then their middles, (N, 3, size, size)."""
    scaled = [resize_short_side(read_sample(name), size) for name in names]
    return torch.stack([center_crop(image, size, size) for image in scaled])
