"""Cases for ``elpips check-parity``: reading them, and the images they are made of.

A list of JSON objects {case, metric, image, reference, top, left, height, width, scale_level,
swap_xy}. An .npz of the same stem beside it holds, as CASE.NAME, the result `distance` (N,);
the rest of the transformation: `offset_yx` (N, 2), `flip` (N,), `color` (N, 3),
`channel_permutation` (N, 3), `scale_offset_yx` (2,); and, where there are some, the results
`gradient` (H, W, 3; of the first item), `grad_norm` (N,), `transformed` (H', W', 3; the first).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from ...media.read import read_image
from ...metrics import EnsembleDraw, InputError
from .fields import Arrays, array_of, integer_of, optional_of, read_arrays, text_of

_OFFSET_MAX = 7


@dataclass(frozen=True)
class Case:
    """A pair of crops, a transformation, and what the authors' implementation gave.

    Attributes
    ----------
    name, metric, image, reference
        Names; those of images are without folder and ending.
    box
        Top, left, height and width of the crop in pixels.
    transformation
        One draw for the first item, one for all N; None for metrics without an ensemble.
    distance
        (N,).
    gradient, transformed
        (3, H, W) and (3, H', W') of the first item, or None.
    gradient_norm
        (N,) or None.
    """

    name: str
    metric: str
    image: str
    reference: str
    box: tuple[int, int, int, int]
    transformation: tuple[EnsembleDraw, EnsembleDraw] | None
    distance: Tensor
    gradient: Tensor | None
    gradient_norm: Tensor | None
    transformed: Tensor | None


def has_ensemble(metric: str) -> bool:
    """Whether a metric's images are transformed."""
    return metric.startswith("elpips_")


def read_cases(path: Path) -> list[Case]:
    """Read the cases of a JSON file and the arrays beside it.

    Raises
    ------
    InputError
        A file cannot be read, or something is missing or of another shape.
    """
    try:
        entries = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from None
    except ValueError as error:
        raise InputError(f"{path}: is not JSON ({error})") from None
    if not isinstance(entries, list) or not entries:
        raise InputError(f"{path}: found no list of cases; expected a JSON list of objects")
    arrays = read_arrays(path.with_suffix(".npz"))
    cases = []
    for index, entry in enumerate(entries):
        name = entry.get("case", index) if isinstance(entry, dict) else index
        try:
            cases.append(_case(entry, arrays))
        except InputError as error:
            raise InputError(f"{path}: case {name}: {error}") from None
    return cases


def images_folder(path: Path) -> Path:
    """Return the folder ``images`` beside the cases' file, or beside its folder.

    Raises
    ------
    InputError
        There is none.
    """
    for parent in path.resolve().parents[:2]:
        if (parent / "images").is_dir():
            return parent / "images"
    raise InputError(f"{path}: there is no folder 'images' beside it; expected --images FOLDER")


def load_crop(folder: Path, case: Case, name: str) -> Tensor:
    """Load the crop of an image, (1, 3, H, W) float32 in [0, 1].

    Raises
    ------
    InputError
        The image cannot be read, or the crop is not inside it.
    """
    path = folder / f"{name}.png"
    # The authors' results are of files with and without alpha, always left out.
    image = read_image(path, alpha="ignore")
    top, left, height, width = case.box
    if top + height > image.shape[1] or left + width > image.shape[2]:
        raise InputError(
            f"{path}: {image.shape[2]} x {image.shape[1]} pixels; expected at least "
            f"{left + width} x {top + height} for the crop"
        )
    return image[None, :, top : top + height, left : left + width].contiguous()


def _case(entry: object, arrays: Arrays) -> Case:
    if not isinstance(entry, dict):
        raise InputError(f"found {type(entry).__name__}, expected an object")
    name, metric = text_of(entry, "case"), text_of(entry, "metric")
    height, width = integer_of(entry, "height", 1), integer_of(entry, "width", 1)
    distance = array_of(arrays, f"{name}.distance", (None,))
    count = len(distance)
    gradient = optional_of(arrays, f"{name}.gradient", (height, width, 3))
    transformed = optional_of(arrays, f"{name}.transformed", (None, None, 3))
    transformation = None
    if has_ensemble(metric):
        transformation = _draw(entry, arrays, name, count, 1), _draw(entry, arrays, name, count)
    return Case(
        name=name,
        metric=metric,
        image=text_of(entry, "image"),
        reference=text_of(entry, "reference"),
        box=(integer_of(entry, "top"), integer_of(entry, "left"), height, width),
        transformation=transformation,
        distance=distance,
        gradient=None if gradient is None else gradient.permute(2, 0, 1),
        gradient_norm=optional_of(arrays, f"{name}.grad_norm", (count,)),
        transformed=None if transformed is None else transformed.permute(2, 0, 1),
    )


def _draw(
    entry: Mapping[str, Any], arrays: Arrays, name: str, count: int, items: int | None = None
) -> EnsembleDraw:
    """Return the draw for the first ``items`` of ``count`` items, by default all."""
    level = integer_of(entry, "scale_level", 1)
    items = items or count

    def integers(array: str, shape: tuple[int, ...], top: int) -> Any:
        values = array_of(arrays, f"{name}.{array}", shape)
        if ((values < 0) | (values > top) | (values != values.round())).any():
            raise InputError(f"the array {name}.{array} has values other than 0 to {top}")
        return values.int()

    return EnsembleDraw(
        batch=items,
        scale_level=level,
        scale_offset=tuple(integers("scale_offset_yx", (2,), level - 1).tolist()),
        transpose=bool(integer_of(entry, "swap_xy")),
        offset=tuple(map(tuple, integers("offset_yx", (count, 2), _OFFSET_MAX)[:items].tolist())),
        offset_max=_OFFSET_MAX,
        flip=tuple(integers("flip", (count,), 3)[:items].tolist()),
        permutation=tuple(
            map(tuple, integers("channel_permutation", (count, 3), 2)[:items].tolist())
        ),
        gain=array_of(arrays, f"{name}.color", (count, 3))[:items].float(),
    )
