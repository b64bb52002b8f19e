"""Long videos, written frame by frame, with the sound of another one."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..metrics.errors import InputError
from ..metrics.files import atomic_write
from .formats import DEMUXERS
from .mp4 import encoder_options, yuv420
from .write import Pixels

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.packet import Packet

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
            _write(path, pictures(), rate, sound)
            return
        except (av.FFmpegError, ValueError) as error:
            if isinstance(error, InputError):
                raise
            _logger.warning("%s: its sound cannot be carried over (%s)", sound, _reason(error))
    try:
        _write(path, pictures(), rate, None)
    except (av.FFmpegError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: cannot be encoded ({_reason(error)})") from error


def _write(
    path: str | os.PathLike[str], pictures: Iterable[Pixels], rate: Fraction, sound: Path | None
) -> None:
    import av

    with ExitStack() as stack:
        temporary = stack.enter_context(atomic_write(path))
        container = stack.enter_context(
            # Without "file:", a name such as 12:30.mp4 would be taken for an address.
            av.open(f"file:{temporary}", "w", format="mp4", options={"movflags": "+faststart"})
        )
        stream = None
        for index, picture in enumerate(pictures):
            height, width = picture.shape[:2]
            even = np.pad(picture, [(0, height % 2), (0, width % 2), (0, 0)], mode="edge")
            if stream is None:
                stream = container.add_stream("libx264", rate=rate, options=encoder_options())
                stream.height, stream.width = even.shape[:2]
                stream.pix_fmt = "yuv420p"
                packets = _packets(stack, container, sound)
                waiting = next(packets, None)
            while waiting is not None and _time(waiting) * rate <= index:
                container.mux(waiting)
                waiting = next(packets, None)
            frame = av.VideoFrame.from_ndarray(yuv420(even), format="yuv420p")
            frame.pts, frame.time_base = index, 1 / rate
            container.mux(stream.encode(frame))
        if stream is None:
            raise InputError(f"{path}: found no pictures, expected one or more")
        container.mux(stream.encode(None))
        # Sound that goes on after the last picture ends with it.
        while waiting is not None and _time(waiting) * rate <= index + 1:
            container.mux(waiting)
            waiting = next(packets, None)


def _packets(
    stack: ExitStack, container: OutputContainer, sound: Path | None
) -> Iterator[Packet[Any]]:
    """Yield the packets of the first sound track, for a track of its own in the container."""
    import av

    if sound is None:
        return iter(())
    file = stack.enter_context(sound.open("rb"))
    limits = {"format_whitelist": DEMUXERS, "protocol_whitelist": "none"}
    source = stack.enter_context(av.open(file, "r", options=limits))
    if not source.streams.audio:
        return iter(())
    template: Any = source.streams.audio[0]
    # PyAV before 14 had another name for it.
    copy: Any = getattr(container, "add_stream_from_template", None)
    track = copy(template) if copy else container.add_stream(template=template)  # type: ignore[call-overload]

    def packets() -> Iterator[Packet[Any]]:
        for packet in source.demux(template):
            if packet.dts is not None:
                packet.stream = track
                yield packet

    return packets()


def _time(packet: Packet[Any]) -> Fraction:
    assert packet.dts is not None
    return Fraction(packet.dts) * Fraction(packet.time_base)


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
