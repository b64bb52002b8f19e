"""WebM video: VP9, with transparency where there is some, or AV1 where PyAV lacks that."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from fractions import Fraction

import numpy as np

from ..metrics.errors import InputError
from .mp4 import Codec, constant_rate, encode_video, rgb_pictures, shown_at, yuv420, yuv_pictures
from .record import Shown, describe
from .write import Pixels

_TAGS = {**dict.fromkeys(("colorspace", "color_primaries", "color_trc"), "bt709")}


def write_webm(
    path: str | os.PathLike[str],
    pixels: Pixels,
    shown: Shown,
    *,
    faithful: bool = False,
    rate: Fraction | None = None,
) -> None:
    """Write frames as VP9 or AV1 in WebM; parameters and rates as of `write_mp4`.

    Colours are 4:2:0 in BT.709, tagged so; with ``faithful``, 8-bit RGB to the last bit (VP9,
    lossless), which browsers show too. Pixels (N, H, W, 4) are VP9 with an alpha of its own,
    straight, as browsers take it.

    Raises
    ------
    InputError
        In one line: PyAV lacks the encoders, or the file cannot be written.
    """
    import av

    order, rate = constant_rate(shown, rate)
    known = [name for name in ("libvpx-vp9", "libsvtav1") if name in av.codecs_available]
    clear = pixels.shape[3] > 3
    if not known or ((faithful or clear) and known[0] != "libvpx-vp9"):
        raise InputError(f"{path}: PyAV has no encoder for it here; expected .mp4")
    if clear:
        # Frames that are never shown would have no alpha.
        options, stored = {"crf": "4", "b": "0", "auto-alt-ref": "0", **_TAGS}, "yuva420p"
    elif faithful:
        options, stored = {"lossless": "1", "row-mt": "1"}, "gbrp"
    elif known[0] == "libvpx-vp9":
        options, stored = {"crf": "4", "b": "0", "row-mt": "1", **_TAGS}, "yuv420p"
    else:
        options, stored = {"crf": "18", "preset": "6", **_TAGS}, "yuv420p"
    encode_video(
        path,
        _pictures(pixels, order, stored),
        rate,
        Codec("webm", known[0], stored, options, {}),
        comment=describe(shown_at(order, rate)),
        metadata={"alpha_mode": "1"} if clear else {},
    )


def _pictures(pixels: Pixels, order: Sequence[int], stored: str) -> Iterator[tuple[Pixels, str]]:
    """Yield frames in an order; of (N, H, W, 4) the planes of `yuv420`, and alpha below them."""
    if stored == "gbrp":
        return rgb_pictures(pixels, order)
    if stored == "yuv420p":
        return yuv_pictures(pixels, order)
    pictures = []
    for frame in pixels:
        colours = yuv420(frame[..., :3])
        height, width = frame.shape[:2]
        alpha = np.pad(frame[..., 3], [(0, height % 2), (0, width % 2)], mode="edge")
        pictures.append(np.concatenate([colours, alpha]))
    return ((pictures[index], "yuva420p") for index in order)
