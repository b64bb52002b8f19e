"""Files of objects on transparency, and what commands make of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

SIDE = 32


def cut_outs(folder: Path, hidden: tuple[int, int, int] = (0, 0, 0)) -> list[str]:
    """Write two discs of noise on transparency, and return their names.

    ``hidden`` is the colour of what is transparent, which nobody sees.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(5)
    rows, columns = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    names = []
    for name, aside, radius in (("one", -4, 10), ("two", 3, 7)):
        away = np.hypot(rows, columns - aside)
        alpha = np.rint(255 * np.clip(radius + 0.5 - away, 0, 1)).astype(np.uint8)
        colours = rng.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
        colours[alpha == 0] = hidden
        names.append(str(folder / f"{name}.png"))
        Image.fromarray(np.dstack([colours, alpha])).save(names[-1])
    return names


def rgba(path: str | Path) -> np.ndarray:
    """Return the pixels of a file with transparency, those that nobody sees as zeros."""
    with Image.open(path) as image:
        assert image.mode == "RGBA"
        pixels = np.asarray(image)
    return np.where(pixels[..., 3:] > 0, pixels, 0)


@pytest.fixture
def objects(tmp_path: Path) -> list[str]:
    """Files of two objects on transparency."""
    return cut_outs(tmp_path / "objects")
