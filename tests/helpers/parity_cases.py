"""Cases for ``elpips check-parity`` whose results are known, and what bad ones are told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from elpips.scripts.cli import main

HEIGHT, WIDTH, COUNT = 11, 17, 3


class Cases:
    """Cases with the L2 metric, whose results are known, in a folder with its images."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "cases" / "l2.json"
        self.path.parent.mkdir()
        (folder / "images").mkdir()
        rng = np.random.default_rng(0)
        # With an alpha channel, which is to be ignored.
        x, y = rng.integers(0, 256, (2, HEIGHT + 5, WIDTH + 7, 4), dtype=np.uint8)
        Image.fromarray(x).save(folder / "images" / "x.png")
        Image.fromarray(y).save(folder / "images" / "y.png")
        x, y = (
            (each[2 : 2 + HEIGHT, 3 : 3 + WIDTH, :3] / np.float32(255)).astype(np.float32)
            for each in (x, y)
        )
        box = {"top": 2, "left": 3, "height": HEIGHT, "width": WIDTH}
        self.entry: dict[str, Any] = {
            "case": "one",
            "metric": "l2",
            "image": "x",
            "reference": "y",
            **box,
            "scale_level": 1,
            "swap_xy": 0,
        }
        gradient = 2 * (x - y) / x.size
        self.arrays: dict[str, np.ndarray] = {
            "one.distance": np.full(COUNT, ((x - y) ** 2).mean()),
            "one.gradient": gradient,
            "one.grad_norm": np.full(COUNT, np.linalg.norm(gradient)),
            "one.transformed": x,
        }

    def write(self) -> str:
        self.path.write_text(json.dumps([self.entry]))
        np.savez(self.path.with_suffix(".npz"), **self.arrays)
        return str(self.path)


def failure(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["check-parity", *arguments]) == 2
    captured = capsys.readouterr()
    assert not captured.out
    assert captured.err.startswith("elpips: error: ")
    assert captured.err.count("\n") == 1
    return captured.err.removeprefix("elpips: error: ").strip()
