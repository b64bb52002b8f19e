"""GIF files with one palette for all frames."""

from __future__ import annotations

import logging
import os
from fractions import Fraction

from PIL import Image

from ..metrics.files import atomic_write
from .palette import quantize
from .record import Shown, describe
from .write import Pixels

_logger = logging.getLogger("elpips")
# Browsers take shorter frames for 100 ms; the format has 16 bits of hundredths of a second.
_TICK, _SHORTEST = 10, 20


def write_gif(path: str | os.PathLike[str], pixels: Pixels, shown: Shown) -> None:
    """Write a GIF that loops for ever.

    One palette serves all frames (see `palette`): up to 256 colours are kept exactly. Equal
    frames in a row are stored as one that is shown as long as all of them.

    Parameters
    ----------
    path
        The file.
    pixels
        (N, H, W, 3) in 0 to 255.
    shown
        Indices of frames in the order shown, each with its milliseconds, which are rounded to
        10 ms and at least 20; that is told as a warning of the logger "elpips".

    Raises
    ------
    InputError
        The file cannot be written.
    """
    rounded = [(index, _rounded(time)) for index, time in shown]
    changed = {time: kept for (_, time), (_, kept) in zip(shown, rounded, strict=True)}
    if said := [f"{float(t):.4g} ms as {k}" for t, k in changed.items() if t != k]:
        _logger.warning("%s: GIF counts hundredths of a second: %s", path, ", ".join(said))
    indices, palette = quantize(pixels)
    size = (pixels.shape[2], pixels.shape[1])
    images = []
    for index, _ in rounded:
        image = Image.frombytes("P", size, indices[index].tobytes())
        image.putpalette(palette)
        images.append(image)
    with atomic_write(path) as temporary:
        images[0].save(
            temporary,
            format="GIF",
            save_all=True,
            append_images=images[1:],
            duration=[int(time) for _, time in rounded],
            loop=0,
            # Without it, every frame would get a palette of its own.
            palette=palette,
            optimize=False,
            comment=describe(rounded).encode(),
        )


def _rounded(time: Fraction) -> Fraction:
    """Return the nearest milliseconds that a GIF can tell and browsers keep."""
    return Fraction(max(_SHORTEST, int(time / _TICK + Fraction(1, 2)) * _TICK))
