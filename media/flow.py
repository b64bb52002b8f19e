"""Motion between pictures in and out: files that other programs read."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..metrics.errors import InputError
from ..metrics.files import atomic_write

_MAGIC = b"PIEH"


def save_flow(path: str | os.PathLike[str], flow: Tensor) -> None:
    """Save displacements (2, H, W) in pixels, downwards and to the right, as a ``.flo`` file.

    The format of the Middlebury benchmark [1]_: 32-bit floats, to the right first, as most
    programs for optical flow read it.

    References
    ----------
    .. [1] Baker et al., "A database and evaluation methodology for optical flow", IJCV 2011.

    Raises
    ------
    InputError
        Another shape, or the file cannot be written.
    """
    if flow.dim() != 3 or len(flow) != 2:
        raise InputError(f"flow: found shape {tuple(flow.shape)}, expected (2, H, W)")
    height, width = flow.shape[1:]
    pixels = flow.flip(0).permute(1, 2, 0).cpu().numpy().astype("<f4")
    size = np.array([width, height], dtype="<i4")
    with atomic_write(path) as temporary:
        Path(temporary).write_bytes(_MAGIC + size.tobytes() + pixels.tobytes())


def read_flow(path: str | os.PathLike[str]) -> Tensor:
    """Read a ``.flo`` file: displacements (2, H, W) in pixels, downwards and to the right.

    Raises
    ------
    InputError
        In one line: it cannot be read, is another file, or is not whole.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from None
    if data[:4] != _MAGIC or len(data) < 12:
        raise InputError(f"{path}: not a .flo file of optical flow")
    width, height = np.frombuffer(data, "<i4", 2, offset=4).tolist()
    if min(width, height) < 1 or len(data) != 12 + 8 * width * height:
        raise InputError(f"{path}: truncated, or not a .flo file of optical flow")
    pixels = np.frombuffer(data, "<f4", offset=12).reshape(height, width, 2)
    return torch.from_numpy(pixels.astype(np.float32)).permute(2, 0, 1).flip(0).contiguous()
