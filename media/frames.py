"""Frames of a path in and out: a folder of pictures, an animation, a video.

imageio reads videos. Animations are opened as single pictures are, by Pillow and as one of the
decoder's formats: imageio's plugin would open every format, EPS by running another program.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import torch
from torch import Tensor

from ..metrics.errors import InputError
from ..metrics.ownership import owned_files
from .folder import list_images
from .read import read_images
from .stream import open_frames
from .write import frame_pixels, save_image

# Mean absolute difference below which compression alone tells frames apart, and its share of
# the difference between neighbours below which a frame of the way back is one of the way forth.
_SAME = 0.6 / 255
_SAME_OF_STEP = 0.25


def read_frames(source: str | os.PathLike[str]) -> Tensor:
    """Read frames (N, 3, H, W) in [0, 1] from a folder of pictures, an animation or a video.

    Pictures are taken in natural order of their names (2 before 10). Of an animation or a
    video that plays forth and back, as ours do, only the way forth, and of frames that a
    video repeats, one.

    Raises
    ------
    InputError
        In one line: there is nothing there, a file cannot be read, or sizes differ.
    """
    source = Path(source)
    if source.is_dir():
        return read_images(list_images(source))
    if not source.exists():
        raise InputError(f"{source}: no such file or folder; expected frames")
    with open_frames(source) as stream:
        is_video = stream.rate is not None
        frames = torch.stack(list(stream))
    return forth(without_repeats(frames) if is_video else frames)


def save_frames(folder: str | os.PathLike[str], frames: Tensor) -> None:
    """Save frames (N, 3, H, W) as ``0000.png``, ``0001.png``, ... of a folder.

    The folder is made if need be. What a longer path left there, numbered likewise from N on,
    is removed; pictures that were not written so are kept, and are an error.

    Raises
    ------
    InputError
        In one line: no frames, another shape, NaN, numbered pictures of another origin, or
        the folder cannot be written to.
    """
    folder = Path(folder)
    frame_pixels(frames)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise InputError(f"{folder}: is a file; expected a folder for frames") from None
    except OSError as error:
        raise InputError(f"{folder}: cannot be made ({error.strerror or error})") from error
    names = [f"{index:04d}.png" for index in range(len(frames))]
    numbered = {path for path in folder.iterdir() if re.fullmatch(r"\d{4,}\.png", path.name)}
    with owned_files(folder) as owned:
        if strange := sorted(path for path in numbered if not owned.owns(path)):
            raise InputError(
                f"{strange[0]}: is neither written over nor removed: no run here has written it; "
                "expected another folder for frames"
            )
        for name, frame in zip(names, frames, strict=True):
            save_image(folder / name, frame)
        for path in numbered - {folder / name for name in names}:
            path.unlink()


def forth(frames: Tensor) -> Tensor:
    """Return the way forth of frames that play forth and back, other frames as they are."""
    count = len(frames)
    step = float((frames[1:] - frames[:-1]).abs().mean()) if count > 1 else 0.0
    same = max(_SAME, _SAME_OF_STEP * step)
    for length in (count // 2 + 1, count // 2 + 2):
        if 2 < length < count and count - length >= length - 2:
            way_back = frames[: length - 1].flip(0)[: count - length]
            if float((frames[length:] - way_back).abs().mean()) <= same:
                return frames[:length]
    return frames


def without_repeats(frames: Tensor) -> Tensor:
    """Drop frames (N, 3, H, W) that repeat the one before, as a video's frame rate asks for."""
    kept = [0]
    for index in range(1, len(frames)):
        if float((frames[index] - frames[kept[-1]]).abs().mean()) > _SAME:
            kept.append(index)
    return frames[kept]
