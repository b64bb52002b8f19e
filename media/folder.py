"""The pictures in a folder: which files they are, and their order."""

from __future__ import annotations

import os
import re
from pathlib import Path

from ..metrics.errors import InputError

PICTURES = tuple(".avif .bmp .jp2 .jpeg .jpg .png .ppm .tif .tiff .webp".split())
"""Endings of the names of pictures, in small letters."""


def list_images(folder: str | os.PathLike[str]) -> list[Path]:
    """Return the picture files of a folder, by their suffixes, in the natural order of names.

    Numbers in names count by their value: 2 comes before 10. Hidden files are left out: the
    ``._1.png`` that other systems add, and what is being written.

    Raises
    ------
    InputError
        There is no such folder, or no picture in it.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; expected a folder of pictures")
    paths = [
        path
        for path in folder.iterdir()
        if path.suffix.lower() in PICTURES and not path.name.startswith(".")
    ]
    if not paths:
        raise InputError(f"{folder}: holds no pictures ({', '.join(PICTURES)})")
    return sorted(paths, key=_natural)


def _natural(path: Path) -> tuple[list[tuple[int, str]], str]:
    """Sort key in which numbers count by their value; equal ones are told apart by the name."""
    # What `split` captures, every second part, is a number.
    parts = enumerate(re.split(r"(\d+)", path.name.lower()))
    return [(int(part), "") if i % 2 else (-1, part) for i, part in parts], path.name
