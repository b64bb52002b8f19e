"""The five lines of a newcomer: from two files to a GIF."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import elpips


def test_from_two_files_to_a_gif(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in (("a.png", 0.2), ("b.png", 0.8)):
        ramp = torch.linspace(value - 0.1, value + 0.1, 24)
        elpips.save_image(name, ramp.expand(3, 20, 24))

    a, b = elpips.read_images(["a.png", "b.png"])
    path = elpips.geodesic(a, b, frames=5, metric="l2", steps=3)
    elpips.save_animation("morph.gif", path.frames)

    frames = elpips.read_frames("morph.gif")
    assert frames.shape == path.frames.shape == (5, 3, 20, 24)
    # Grey has at most 256 colours: a GIF rounds to 8 bits, and no more.
    torch.testing.assert_close(frames, path.frames, rtol=0, atol=0.51 / 255)
    assert torch.equal(frames[0], a) and torch.equal(frames[-1], b)
