"""Frames of a path in and out: a folder of pictures, an animation, a video."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from ..metrics.errors import InputError
from ..metrics.ownership import owned_files
from .colour import Alpha
from .crop import Crop
from .frame_files import FrameFormat, Values, frame_name, save_frame
from .read import batch, check_short_side, scaled
from .record import Timing, pick, timing_of
from .stream import Frame, FrameStream, open_frames
from .write import frame_pixels

_logger = logging.getLogger("elpips")
_NUMBERED = re.compile(r"\d{4,}\.(?:png|tif|exr)")


def read_frames(
    source: str | os.PathLike[str],
    *,
    size: int | None = None,
    crop: Crop | None = None,
    alpha: Alpha = "auto",
) -> Tensor:
    """Read frames (N, 3, H, W) in [0, 1] from a folder of pictures, an animation or a video.

    Pictures are taken in natural order of their names (2 before 10); the folder of a run stands
    for its frames. Of an animation of ours, which plays forth and back and holds the ends, the
    frames it was made of are read. Of others, frames of a video that are exactly the one
    before, and a way back that is exactly the way forth, are left out, which is told as a
    warning of the logger "elpips"; frames that differ never are.

    Parameters
    ----------
    source
        The folder or file.
    size, crop, alpha
        As of `read_images`.

    Raises
    ------
    InputError
        In one line: there is nothing there, a file cannot be read, or sizes differ.
    """
    check_short_side(size)
    with open_frames(source, alpha=alpha, one_size=False) as stream:
        timing = timing_of(stream.comment)
        found = _read(stream, size) if timing is None else _of_ours(stream, timing, size)
        is_video, is_folder = stream.rate is not None, stream.source.is_dir()
    if found is None:
        with open_frames(source, alpha=alpha, one_size=False) as stream:
            found = _read(stream, size)
    if timing is None and not is_folder:
        found = _told(source, found, is_video)
    return batch([frame.image for frame in found], [frame.name for frame in found], size, crop)


def save_frames(
    folder: str | os.PathLike[str],
    frames: Tensor,
    form: FrameFormat = "png",
    values: Values = "colour",
) -> None:
    """Save frames (N, 3, H, W) as ``0000.png``, ``0001.png``, ... of a folder.

    The folder is made if need be. What another path left there, numbered likewise, is removed;
    pictures that were not written so are kept, and are an error.

    Parameters
    ----------
    folder
        The folder.
    frames
        In [0, 1].
    form
        PNG of 8 or of 16 bits a channel ("png16"), TIFF of 16, OpenEXR of floats.
    values
        What they are of; see `save_frame`.

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
    names = [frame_name(index, form) for index in range(len(frames))]
    numbered = {path for path in folder.iterdir() if _NUMBERED.fullmatch(path.name)}
    with owned_files(folder) as owned:
        if strange := sorted(path for path in numbered if not owned.owns(path)):
            raise InputError(
                f"{strange[0]}: is neither written over nor removed: no run here has written it; "
                "expected another folder for frames"
            )
        for name, frame in zip(names, frames, strict=True):
            save_frame(folder / name, frame, form, values)
        for path in numbered - {folder / name for name in names}:
            path.unlink()


def forth(frames: Sequence[Tensor]) -> int:
    """Return how many of some frames are the way forth, where they play exactly forth and back.

    All of them where they do not.
    """
    count = len(frames)
    for length in (count // 2 + 1, count // 2 + 2):
        if 2 < length < count and count - length >= length - 2:
            way_back = frames[: length - 1][::-1][: count - length]
            if all(map(torch.equal, frames[length:], way_back)):
                return length
    return count


def without_repeats(frames: Sequence[Tensor]) -> list[int]:
    """Return the indices of the frames that are not exactly the one before."""
    return [
        index
        for index, frame in enumerate(frames)
        if index == 0 or not torch.equal(frame, frames[index - 1])
    ]


def _read(stream: FrameStream, size: int | None) -> list[Frame]:
    return [_scaled(frame, size) for frame in stream.timed()]


def _of_ours(stream: FrameStream, timing: Timing, size: int | None) -> list[Frame] | None:
    """Return the frames that an animation of ours was made of, None if it has changed since."""
    try:
        return [_scaled(frame, size) for frame in pick(stream.timed(), timing)]
    except InputError:
        raise
    except ValueError:
        _logger.warning("%s: has changed since it was written; all is read", stream.source)
        return None


def _told(source: str | os.PathLike[str], frames: list[Frame], is_video: bool) -> list[Frame]:
    """Leave out exact repeats of a video and an exact way back, and tell of it."""
    if is_video:
        kept = without_repeats([frame.image for frame in frames])
        if left := len(frames) - len(kept):
            _logger.warning("%s: left out %d frames that are exactly the one before", source, left)
        frames = [frames[index] for index in kept]
    length = forth([frame.image for frame in frames])
    if left := len(frames) - length:
        _logger.warning("%s: left out %d frames of the way back, exactly those forth", source, left)
    return frames[:length]


def _scaled(frame: Frame, size: int | None) -> Frame:
    return replace(frame, image=scaled(frame.image, size, frame.name))
