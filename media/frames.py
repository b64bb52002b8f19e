"""Frames of a path from anywhere: a folder of pictures, an animation, a video."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from ..metrics import InputError
from .read import read_images

_PICTURES = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".ppm"}
_VIDEOS = {".mp4", ".mkv", ".webm", ".mov", ".avi"}
# Mean absolute difference below which compression alone tells frames apart.
_SAME = 0.6 / 255


def read_frames(source: Path) -> Tensor:
    """Read frames (N, 3, H, W) in [0, 1] from a folder of pictures, an animation or a video.

    Pictures are taken in natural order of their names (2 before 10). Of an animation or a
    video that plays forth and back, as ours do, only the way forth, and of frames that a
    video repeats, one.

    Raises
    ------
    InputError
        In one line: there is nothing there, a file cannot be read, or sizes differ.
    """
    if source.is_dir():
        paths = sorted(
            (path for path in source.iterdir() if path.suffix.lower() in _PICTURES), key=_natural
        )
        if not paths:
            raise InputError(f"{source}: holds no pictures ({', '.join(sorted(_PICTURES))})")
        return read_images(paths)
    if not source.exists():
        raise InputError(f"{source}: no such file or folder; expected frames")
    is_video = source.suffix.lower() in _VIDEOS
    pixels = np.stack(_video(source) if is_video else _animation(source))
    frames = torch.from_numpy(pixels).permute(0, 3, 1, 2).float().div(255).contiguous()
    return forth(without_repeats(frames) if is_video else frames)


def forth(frames: Tensor) -> Tensor:
    """Return the way forth of frames that play forth and back, other frames as they are."""
    count = len(frames)
    for length in (count // 2 + 1, count // 2 + 2):
        if 2 < length < count and count - length >= length - 2:
            way_back = frames[: length - 1].flip(0)[: count - length]
            if float((frames[length:] - way_back).abs().mean()) <= _SAME:
                return frames[:length]
    return frames


def without_repeats(frames: Tensor) -> Tensor:
    """Drop frames (N, 3, H, W) that repeat the one before, as a video's frame rate asks for."""
    kept = [0]
    for index in range(1, len(frames)):
        if float((frames[index] - frames[kept[-1]]).abs().mean()) > _SAME:
            kept.append(index)
    return frames[kept]


def _animation(path: Path) -> list[np.ndarray]:
    try:
        with Image.open(path) as image:
            count = getattr(image, "n_frames", 1)
            frames = []
            for index in range(count):
                image.seek(index)
                frames.append(np.asarray(image.convert("RGB")))
    except (UnidentifiedImageError, OSError, EOFError, ValueError) as error:
        raise InputError(f"{path}: not a readable animation ({error})") from None
    return frames


def _video(path: Path) -> list[np.ndarray]:
    import av

    try:
        with av.open(str(path)) as container:
            frames = [each.to_ndarray(format="rgb24") for each in container.decode(video=0)]
    except (av.FFmpegError, IndexError, ValueError) as error:
        raise InputError(f"{path}: not a readable video ({error})") from None
    if not frames:
        raise InputError(f"{path}: holds no frames")
    return frames


def _natural(path: Path) -> list[tuple[int, str]]:
    """Sort key in which numbers count by their value."""
    parts = re.split(r"(\d+)", path.name.lower())
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]
