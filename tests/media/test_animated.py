from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from elpips.media import save_animation, to_uint8
from elpips.media.animated import srgb_profile
from frame_pictures import noise


@pytest.mark.parametrize("name", ["a.webp", "a.apng"])
def test_colours_are_exact_and_times_do_not_drift(tmp_path: Path, name: str) -> None:
    frames = noise(5, 16, 18)
    save_animation(tmp_path / name, frames, fps=24, hold=100)
    order, times = [0, 1, 2, 3, 4, 3, 2, 1], []
    with Image.open(tmp_path / name) as image:
        assert image.n_frames == 8 and image.info["loop"] == 0
        assert image.info["icc_profile"] == srgb_profile()
        for position, index in enumerate(order):
            image.seek(position)
            image.load()
            times.append(image.info["duration"])
            assert np.array_equal(np.asarray(image.convert("RGB")), to_uint8(frames[index]))
    assert times == [42, 41, 42, 42, 100, 41, 42, 42]


def test_other_programs_see_an_animated_png(tmp_path: Path) -> None:
    save_animation(tmp_path / "a.apng", noise(3, 16, 16))
    assert (tmp_path / "a.apng").read_bytes().startswith(b"\x89PNG")
    assert b"acTL" in (tmp_path / "a.apng").read_bytes()
