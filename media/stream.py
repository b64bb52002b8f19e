"""Frames read one by one: of a folder of pictures, an animation, pages or a video.

However long the source is, no more than a frame or two are held at a time. All go through the
one decoding of single pictures (`finish`): the same colours, depth, transparency and
orientation, the same notices, each once for the source.
"""

from __future__ import annotations

import logging
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType

import torch
from torch import Tensor

from ..metrics.errors import InputError
from .colour import Alpha, Floats, Raster, finish
from .decode import decode, in_one_line, open_rasters
from .folder import frames_folder, list_images
from .formats import VIDEOS, kind_of
from .source import check_regular, read_source
from .video import open_video

_logger = logging.getLogger("elpips")
_HEAD = 512


@dataclass(frozen=True)
class Frame:
    """A frame, and when it is shown.

    Attributes
    ----------
    image
        (3, H, W), float32 in [0, 1], sRGB.
    time, duration
        Seconds since the start and for how long, None where the source does not say.
    name
        What to call it in messages.
    """

    image: Tensor
    time: Fraction | None = None
    duration: Fraction | None = None
    name: str = ""


class FrameStream:
    """Frames of a source, once, in the order shown: an iterator of (3, H, W) in [0, 1].

    Made by `open_frames`; use it in a ``with`` block, or `close` it.

    Attributes
    ----------
    source
        The folder or file.
    rate
        Frames per second, where a video states one rate, else None.
    count
        Number of frames where it is known without reading them all, else None.
    comment
        What the file says beside its pictures, or ''.
    """

    def __init__(
        self,
        source: Path,
        frames: Iterator[Frame],
        close: Callable[[], None],
        *,
        rate: Fraction | None = None,
        count: int | None = None,
        comment: str = "",
    ) -> None:
        self.source, self.rate, self.count, self.comment = source, rate, count, comment
        self._frames, self._close = frames, close
        self._first: Frame | None = None

    @property
    def first(self) -> Frame:
        """The first frame that is not yet taken, which it is not by this."""
        if self._first is None:
            self._first = next(self._frames)
        return self._first

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the first frame not yet taken; of all where one size is asked for."""
        return self.first.image.shape[1], self.first.image.shape[2]

    def timed(self) -> Iterator[Frame]:
        """Yield the frames with their times."""
        if self._first is not None:
            first, self._first = self._first, None
            yield first
        yield from self._frames

    def __iter__(self) -> Iterator[Tensor]:
        """Yield the frames' pictures."""
        for frame in self.timed():
            yield frame.image

    def close(self) -> None:
        """Close the source."""
        self._close()

    def __enter__(self) -> FrameStream:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the source."""
        self.close()


def open_frames(
    source: str | os.PathLike[str], *, alpha: Alpha = "auto", one_size: bool = True
) -> FrameStream:
    """Open a folder of pictures, an animation, a file of pages or a video.

    What a file is goes by its content. The folder of a run stands for its ``frames``. What was
    not simply read is told as a warning of the logger "elpips", once.

    Parameters
    ----------
    source
        The folder or file.
    alpha
        What to do with transparency, see `read_image`.
    one_size
        Refuse frames of another size than the first.

    Returns
    -------
    FrameStream
        Errors on the way, of damaged frames, are `InputError`s of one line too.

    Raises
    ------
    InputError
        In one line: there is nothing there, or it cannot be read.
    """
    source = Path(source)
    notices = _Notices(source)
    if source.is_dir():
        source = frames_folder(source)
        paths = list_images(source)
        return FrameStream(
            source,
            _checked(_pictures(paths, alpha, notices), one_size),
            notices.close,
            count=len(paths),
        )
    if not source.exists():
        raise InputError(f"{source}: no such file or folder; expected frames")
    if _is_video(source):
        return _video_stream(source, alpha, notices, one_size)
    data = read_source(source, "frames")
    with _named(source), in_one_line():
        opened = open_rasters(data)
    frames = _finished(source, opened.rasters, alpha, notices)
    return FrameStream(
        source,
        _checked(frames, one_size),
        opened.rasters.close,
        count=opened.count,
        comment=opened.comment,
    )


def _video_stream(source: Path, alpha: Alpha, notices: _Notices, one_size: bool) -> FrameStream:
    check_regular(source, "frames")
    with ExitStack() as stack, _named(source):
        file = stack.enter_context(source.open("rb"))
        video = open_video(file)
        stack.callback(video.close)
        close = stack.pop_all().close
    frames = _finished(source, video.rasters(), alpha, notices)
    return FrameStream(
        source,
        _checked(frames, one_size),
        close,
        rate=video.rate,
        count=video.count,
        comment=video.comment,
    )


def _is_video(source: Path) -> bool:
    """Whether a file is a video by its content, or where that is unknown by its name."""
    if not source.is_file():
        return False
    try:
        with source.open("rb") as file:
            kind = kind_of(file.read(_HEAD))
    except OSError as error:
        raise InputError(f"{source}: cannot be read ({error.strerror or error})") from None
    return kind == "video" or (kind == "" and source.suffix.lower() in VIDEOS)


def _pictures(paths: list[Path], alpha: Alpha, notices: _Notices) -> Iterator[Frame]:
    for path in paths:
        data = read_source(path)
        with _named(path):
            image, told = decode(data, alpha)
        notices.tell(told, path)
        yield Frame(_tensor(image), name=str(path))


def _finished(
    source: Path, rasters: Iterator[Raster], alpha: Alpha, notices: _Notices
) -> Iterator[Frame]:
    number = 0
    while True:
        with _named(source), in_one_line():
            raster = next(rasters, None)
            if raster is None:
                return
            image, told = finish(raster, alpha)
        notices.tell(told)
        number += 1
        name = f"{source}: frame {number}"
        yield Frame(_tensor(image), raster.time, raster.duration, name)


def _checked(frames: Iterator[Frame], one_size: bool) -> Iterator[Frame]:
    """Yield the frames; refuse one of another size than the first's."""
    first: Frame | None = None
    for frame in frames:
        first = first or frame
        if one_size and frame.image.shape != first.image.shape:
            sides = [f"{each.image.shape[2]} x {each.image.shape[1]}" for each in (first, frame)]
            raise InputError(
                f"{frame.name} has {sides[1]} pixels and {first.name} {sides[0]}; expected one size"
            )
        yield frame


def _tensor(image: Floats) -> Tensor:
    return torch.from_numpy(image).permute(2, 0, 1).contiguous()


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Put a file's name before the message of what goes wrong."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{path}: {error}") from error.__cause__
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from None


class _Notices:
    """Notices of a source, each told once, whatever the numbers in it."""

    def __init__(self, source: Path) -> None:
        self._source = source
        self._told: Counter[str] = Counter()

    def tell(self, notices: list[str], path: Path | None = None) -> None:
        for notice in notices:
            key = re.sub(r"\d+(\.\d+)?", "0", notice)
            if key not in self._told:
                _logger.warning("%s: %s", path or self._source, notice)
            self._told[key] += 1

    def close(self) -> None:
        """Say of a folder how many more of its files had the same notices."""
        more = max(self._told.values(), default=0) - 1
        if more > 0:
            _logger.warning("%s: the same of %d more of its files", self._source, more)
        self._told.clear()
