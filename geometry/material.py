"""Maps of a material moved as its base colour is: one motion and one set of weights for all.

The base colour's path is a geodesic; its start is two layers on their way to each other. All
other maps go the same way by the same displacements and are mixed by the same weights at the
same times, so that what lies on each other in the ends does so in every frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import torch
from torch import Tensor

from ..metrics import InputError, check_images
from .texture_flow import TextureFlow

Role = Literal["colour", "normal", "data"]
"""What a map's values are: colours as they are seen, directions, or quantities by themselves."""

_TINY = 1e-6


def move_map(
    flow: TextureFlow, start: Tensor, end: Tensor, times: Sequence[float], role: Role
) -> Tensor:
    """Return a map at times on the way from one material to another, (T, 3, H, W).

    Parameters
    ----------
    flow
        The motion, found between the base colours.
    start, end
        The map (3, H, W) of both, in [0, 1], of the base colours' size.
    times
        In [0, 1]; at 0 and 1 the map is as it is given.
    role
        A colour is given back the local contrast that mixing takes. Normals, of which 0 to 1
        stands for -1 to 1, are mixed as vectors and made of unit length again. Data are mixed
        as they are.

    Raises
    ------
    InputError
        A map is no image, or of another size.
    """
    ends = {"start": start, "end": end}
    for name, image in ends.items():
        check_images(image[None], name)
        if image.shape != flow.start.shape:
            found, expected = tuple(image.shape[1:]), tuple(flow.start.shape[1:])
            raise InputError(
                f"{name}: found a map of {found}, expected the base colour's {expected}"
            )
    if not all(0 <= time <= 1 for time in times):
        raise InputError(f"times: found {list(times)}, expected within [0, 1]")
    moved = replace(flow, start=start, end=end)
    if role == "colour":
        return moved.path(times)
    frames = []
    for time in times:
        if time in (0, 1):
            frames.append(end if time else start)
        else:
            first, last = moved.layers(time)
            frame = torch.lerp(first, last, time)
            frames.append(unit_normals(frame[None])[0] if role == "normal" else frame)
    return torch.stack(frames)


def unit_normals(images: Tensor) -> Tensor:
    """Give normals (N, 3, H, W), of which 0 to 1 stands for -1 to 1, unit length.

    Where there is none, as between opposite ones, the normal of the plane stands: (0, 0, 1).
    """
    vectors = 2 * images - 1
    length = torch.linalg.vector_norm(vectors, dim=1, keepdim=True)
    upright = vectors.new_tensor([0.0, 0.0, 1.0])[:, None, None]
    return (torch.where(length > _TINY, vectors / length.clamp(min=_TINY), upright) + 1) / 2
