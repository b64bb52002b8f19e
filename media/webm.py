"""WebM video: VP9, or AV1 where PyAV lacks that."""

from __future__ import annotations

import os
from fractions import Fraction

from ..metrics.errors import InputError
from .mp4 import Codec, constant_rate, encode_video, rgb_pictures, shown_at, yuv_pictures
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
    lossless), which browsers show too.

    Raises
    ------
    InputError
        In one line: PyAV lacks the encoders, or the file cannot be written.
    """
    import av

    order, rate = constant_rate(shown, rate)
    known = [name for name in ("libvpx-vp9", "libsvtav1") if name in av.codecs_available]
    if not known or (faithful and known[0] != "libvpx-vp9"):
        raise InputError(f"{path}: PyAV has no encoder for it here; expected .mp4")
    if faithful:
        options, stored = {"lossless": "1", "row-mt": "1"}, "gbrp"
    elif known[0] == "libvpx-vp9":
        options, stored = {"crf": "4", "b": "0", "row-mt": "1", **_TAGS}, "yuv420p"
    else:
        options, stored = {"crf": "18", "preset": "6", **_TAGS}, "yuv420p"
    encode_video(
        path,
        rgb_pictures(pixels, order) if faithful else yuv_pictures(pixels, order),
        rate,
        Codec("webm", known[0], stored, options, {}),
        comment=describe(shown_at(order, rate)),
    )
