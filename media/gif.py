"""GIF files with one palette for all frames.

Pillow writes them: imageio's plugin for it takes no palette that frames have in common.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from PIL import Image

from ..metrics.files import atomic_write
from .palette import quantize
from .write import Pixels


def write_gif(
    path: str | os.PathLike[str], pixels: Pixels, shown: Sequence[tuple[int, int]]
) -> None:
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
        Indices of frames in the order shown, each with its milliseconds.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    indices, palette = quantize(pixels)
    size = (pixels.shape[2], pixels.shape[1])
    images = []
    for index, _ in shown:
        image = Image.frombytes("P", size, indices[index].tobytes())
        image.putpalette(palette)
        images.append(image)
    with atomic_write(path) as temporary:
        images[0].save(
            temporary,
            format="GIF",
            save_all=True,
            append_images=images[1:],
            duration=[time for _, time in shown],
            loop=0,
            # Without it, every frame would get a palette of its own.
            palette=palette,
            optimize=False,
        )
