"""Long videos, written frame by frame, with the sound of another one."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

from ..metrics.errors import InputError
from .formats import DEMUXERS
from .mp4 import encode_video, h264, yuv420
from .write import Pixels

_logger = logging.getLogger("elpips")


def write_clip(
    path: str | os.PathLike[str],
    pictures: Callable[[], Iterable[Pixels]],
    rate: Fraction,
    *,
    sound: Path | None = None,
) -> None:
    """Write pictures as H.264 in MP4, one held at a time, whole or not at all.

    Colours as `write_mp4` writes them. The sound of another video is copied as it is; where
    MP4 cannot hold it, that is told as a warning of the logger "elpips" and it is left out.

    Parameters
    ----------
    path
        The file.
    pictures
        Gives the pictures (H, W, 3) in 0 to 255, of one size, each time from the first.
    rate
        Pictures per second.
    sound
        A video whose first sound track goes with the pictures.

    Raises
    ------
    InputError
        In one line: no pictures, no encoder, or the file cannot be written.
    """
    import av

    if sound is not None:
        try:
            with _Sound(sound) as track:
                encode_video(path, _yuv(pictures()), rate, h264(), sound=track.begin)
            return
        except (InputError, av.FFmpegError) as error:
            text = "MP4 cannot hold it" if isinstance(error, InputError) else error.strerror
            _logger.warning("%s: its sound is left out (%s)", sound, text)
    encode_video(path, _yuv(pictures()), rate, h264())


class _Sound:
    """The first sound track of a video, copied beside pictures as they are written."""

    def __init__(self, source: Path) -> None:
        self._source = source
        self._stack = ExitStack()

    def __enter__(self) -> _Sound:
        """Return itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close the video."""
        self._stack.close()

    def begin(self, container: Any) -> Callable[[Fraction], None]:
        """Add a track to a container; return what copies the sound up to a time in seconds."""
        import av

        file = self._stack.enter_context(self._source.open("rb"))
        limits = {"format_whitelist": DEMUXERS, "protocol_whitelist": "none"}
        source = self._stack.enter_context(av.open(file, "r", options=limits))
        if not source.streams.audio:
            return lambda time: None
        template: Any = source.streams.audio[0]
        # PyAV before 14 had another name for it.
        copy = getattr(container, "add_stream_from_template", None)
        track = copy(template) if copy else container.add_stream(template=template)
        packets = (packet for packet in source.demux(template) if packet.dts is not None)
        waiting: list[Any] = list(islice(packets, 1))

        def write(time: Fraction) -> None:
            while waiting and waiting[0].dts * waiting[0].time_base <= time:
                packet = waiting.pop()
                packet.stream = track
                container.mux(packet)
                waiting.extend(islice(packets, 1))

        return write


def _yuv(pictures: Iterable[Pixels]) -> Iterator[tuple[Pixels, str]]:
    return ((yuv420(picture), "yuv420p") for picture in pictures)
