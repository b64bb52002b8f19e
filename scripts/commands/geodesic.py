"""``elpips geodesic``: the shortest path of images between two images."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro

from ..runs.path_setup import PathArguments, PathSetup
from ..runs.two_images import compute_path

_Image = Annotated[Path, tyro.conf.Positional]


def geodesic_command(
    start: _Image, end: _Image, setup: PathArguments = PathSetup(), *, mask: Path | None = None
) -> int:
    """Compute the shortest path of images from START to END, and animate it.

    Args:
        start: An image file.
        end: An image file of the same size (see --size and --crop).
        mask: A grey picture of the images' size: what is white is free to change, what is
            black stays exactly as the path it starts from has it, grey takes smaller steps.
        setup: How.
    """
    return compute_path("geodesic", start, end, setup, mask)
