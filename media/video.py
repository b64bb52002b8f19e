"""Frames of videos, decoded one by one, as the pictures they are: upright, with their colours."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from os import SEEK_END
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from ..metrics.errors import InputError
from .colour import Raster, check_size, from_integers
from .formats import DEMUXERS
from .profile import ColourSpace
from .stated import by_code

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

# EXIF orientations by what a display matrix does with right and down.
_ORIENTATIONS = {
    (1, 0, 0, 1): 1,
    (-1, 0, 0, 1): 2,
    (-1, 0, 0, -1): 3,
    (1, 0, 0, -1): 4,
    (0, 1, 1, 0): 5,
    (0, 1, -1, 0): 6,
    (0, -1, -1, 0): 7,
    (0, -1, 1, 0): 8,
}
# Code points of ITU-T H.273: BT.2020 and P3; PQ and HLG; BT.709's tones.
_WIDE, _HDR, _TELEVISION = (9, 11, 12), (16, 18), 1
_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
_MOST_BOXES = 100_000
# Bicubic, with accurate rounding and chroma at full width.
_ACCURATE = 0x4 | 0x40000 | 0x2000


@dataclass(frozen=True)
class Video:
    """A video that is open.

    Attributes
    ----------
    rate
        Frames per second, or None where the file has no one rate.
    count
        Number of frames that the file states, or None.
    comment
        What was written into the file beside its pictures, or ''.
    container, stream
        PyAV's.
    """

    rate: Fraction | None
    count: int | None
    comment: str
    container: InputContainer
    stream: VideoStream

    def close(self) -> None:
        """Close the file's reader, not the file."""
        self.container.close()

    def rasters(self) -> Iterator[Raster]:
        """Yield the frames in the order shown.

        Raises
        ------
        InputError
            The video is damaged.
        """
        import av

        space, told = _colours(self.stream)
        number, start = 0, None
        try:
            for frame in self.container.decode(self.stream):
                check_size(frame.width, frame.height)
                time = None if frame.pts is None else frame.pts * (frame.time_base or Fraction(0))
                start = time if start is None else start
                raster = _raster(frame, told)
                at = None if time is None or start is None else time - start
                usual = 1 / self.rate if self.rate else None
                yield replace(raster, space=space, time=at, duration=raster.duration or usual)
                number += 1
        except (av.FFmpegError, ValueError, IndexError, OSError) as error:
            if isinstance(error, InputError):
                raise
            what = f"is damaged after {number} frames" if number else "not a readable video"
            raise InputError(f"{what} ({_reason(error)})") from None
        if number == 0:
            raise InputError("not a readable video (it holds no frames)")


def open_video(file: BinaryIO) -> Video:
    """Open a video in an open file, so that no name is taken for an address or a pattern.

    Raises
    ------
    InputError
        In one line, without the file's name: no video that can be read.
    """
    # Imported here: PyAV takes long to load.
    import av

    if _is_cut_off(file):
        raise InputError("not a readable video (its end is missing)")
    # Lists and scripts, which name other files, are none of these formats.
    limits = {"format_whitelist": DEMUXERS, "protocol_whitelist": "none"}
    try:
        container = av.open(file, "r", options=limits)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise InputError(f"not a readable video ({_reason(error)})") from None
    if not container.streams.video:
        container.close()
        raise InputError("not a readable video (FFmpeg finds no pictures in it)")
    stream = container.streams.video[0]
    stream.thread_type = "AUTO"
    metadata = {key.lower(): value for key, value in container.metadata.items()}
    rate = stream.average_rate
    return Video(
        rate=Fraction(rate) if rate else None,
        count=stream.frames or None,
        comment=metadata.get("comment", ""),
        container=container,
        stream=stream,
    )


def _is_cut_off(file: BinaryIO) -> bool:
    """Whether an MP4 or QuickTime file ends before its last box does; FFmpeg does not say so."""
    end = file.seek(0, SEEK_END)
    at, boxes = 0, 0
    while at + 8 <= end and boxes < _MOST_BOXES:
        file.seek(at)
        size, kind, large = struct.unpack(">I4sQ", file.read(16).ljust(16, b"\0"))
        if boxes == 0 and kind not in _BOXES:
            break
        size = large if size == 1 else size or end - at
        if size < 8:
            break
        at, boxes = at + size, boxes + 1
    file.seek(0)
    return boxes > 0 and at > end


def _raster(frame: VideoFrame, told: tuple[str, ...]) -> Raster:
    parts = frame.format.components
    deep = max(part.bits for part in parts) > 8
    clear = any(part.is_alpha for part in parts)
    names = ("rgba64le", "rgb48le") if deep else ("rgba", "rgb24")
    pixels = _rgb(frame, names[0] if clear else names[1]).to_ndarray()
    samples = np.minimum(from_integers(pixels, _top(frame)), np.float32(1))
    duration = getattr(frame, "duration", None)
    return Raster(
        samples[..., :3],
        samples[..., 3:] if clear else None,
        orientation=_orientation(frame),
        deep=deep,
        duration=duration * frame.time_base if duration and frame.time_base else None,
        notices=told + (("is interlaced",) if frame.interlaced_frame else ()),
    )


def _rgb(frame: VideoFrame, stored: str) -> VideoFrame:
    """Convert a frame; FFmpeg's fast conversion of luma and chroma is a level or more too dark."""
    try:
        return frame.reformat(format=stored, interpolation=_ACCURATE)
    except (KeyError, ValueError, TypeError):
        # Before PyAV 15 there is no other.
        return frame.reformat(format=stored)


def _top(frame: VideoFrame) -> int:
    """Return what white is in the samples that FFmpeg's converter makes of a frame."""
    bits = max(part.bits for part in frame.format.components)
    if bits <= 8:
        return 255
    if frame.format.is_rgb:
        return 65535
    # It shifts grey to 16 bits, and takes luma for eight bits with a fraction.
    return (1 << 16) - (1 << (16 - bits)) if len(frame.format.components) < 3 else 255 << 8


def _orientation(frame: VideoFrame) -> int:
    """EXIF orientation of a frame's display matrix; 1 where it has none, or an odd one."""
    matrix: Any = frame.side_data.get("DISPLAYMATRIX")
    if matrix is None:
        return 1
    numbers = np.frombuffer(bytes(matrix), np.int32)
    if len(numbers) != 9:
        return 1
    a, b, _, c, d = numbers[:5].tolist()
    size = max(abs(a), abs(b), abs(c), abs(d), 1)
    return _ORIENTATIONS.get(
        (round(a / size), round(b / size), round(c / size), round(d / size)), 1
    )


def _colours(stream: VideoStream) -> tuple[ColourSpace | None, tuple[str, ...]]:
    """Return the space of wide colours, and what of a video's statements is not honoured."""
    told = []
    ratio = stream.sample_aspect_ratio
    if ratio and ratio != 1:
        told.append(f"its pixels are not square ({ratio.numerator}:{ratio.denominator}); kept so")
    context = stream.codec_context
    primaries, transfer = int(context.color_primaries or 0), int(context.color_trc or 0)
    # The tones and primaries of television are shown as sRGB's are, everywhere.
    transfer = transfer if transfer in _HDR else _TELEVISION
    space, notice = by_code(primaries if primaries in _WIDE else 1, transfer, "video")
    return space, (*told, notice) if notice else tuple(told)


def _reason(error: Exception) -> str:
    reason = getattr(error, "strerror", None) or "FFmpeg finds no pictures in it"
    return " ".join(str(reason).split())
