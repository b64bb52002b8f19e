"""Pictures that the tests of commands share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from elpips.metrics.claims import command_scope


@pytest.fixture
def as_command() -> Iterator[None]:
    """List what functions of commands write, as where they are called by their names."""
    with command_scope():
        yield


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    found = tmp_path / "images"
    found.mkdir()
    for name in "abc":
        Image.fromarray(rng.integers(60, 200, (24, 24, 3), dtype=np.uint8)).save(
            found / f"{name}.png"
        )
    return found


@pytest.fixture
def pair(tmp_path: Path) -> list[str]:
    rng = np.random.default_rng(0)
    paths = [tmp_path / f"{name}.png" for name in ("first", "second")]
    for path in paths:
        Image.fromarray(rng.integers(0, 256, (33, 41, 3), dtype=np.uint8)).save(path)
    return [str(path) for path in paths]
