from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import pytest
import torch
from PIL import Image
from torch import Tensor

from elpips.media import AnimationOptions, save_animation, timeline
from elpips.media.animation import forth_and_back
from elpips.metrics import InputError
from frame_pictures import noise


def test_forth_and_back_repeats_neither_end() -> None:
    assert forth_and_back(1) == [0]
    assert forth_and_back(2) == [0, 1]
    assert forth_and_back(4) == [0, 1, 2, 3, 2, 1]
    assert len(forth_and_back(10)) == 18


def test_timeline_holds_ends() -> None:
    assert timeline(3) == [(0, 200), (1, 200), (2, 400), (1, 200)]
    exact = timeline(3, duration=44, hold=105, loop_hold=36, boomerang=False)
    assert exact == [(0, 36), (1, 44), (2, 105)]
    assert timeline(1) == [(0, 400)]


def test_a_rate_stands_for_a_duration() -> None:
    assert timeline(2, fps=24, boomerang=False) == [(0, Fraction(125, 3)), (1, 400)]
    assert AnimationOptions(fps=29.97).rate == Fraction(2997, 100)
    assert AnimationOptions(fps=30000 / 1001).rate == Fraction(30000, 1001)
    for fps in (0, -1, float("nan"), float("inf"), 1001):
        with pytest.raises(InputError, match=f"fps {fps}: expected 0.0015 to 1000"):
            timeline(2, fps=fps)


def test_overrides_replace_fields_of_options() -> None:
    options = AnimationOptions(duration=50, boomerang=False)
    assert timeline(3, options) == [(0, 50), (1, 50), (2, 400)]
    assert timeline(3, options, hold=60) == [(0, 50), (1, 50), (2, 60)]
    with pytest.raises(TypeError, match="speed"):
        timeline(3, options, speed=2)


def test_the_suffix_says_as_what(tmp_path: Path) -> None:
    frames = noise(3, 16, 16)
    options = AnimationOptions(duration=40, hold=40, boomerang=False)
    save_animation(tmp_path / "a.GIF", frames, options)
    save_animation(str(tmp_path / "a.mp4"), frames, options)
    with Image.open(tmp_path / "a.GIF") as image:
        assert image.format == "GIF" and image.n_frames == 3
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert container.streams.video[0].frames == 3


@pytest.mark.parametrize("name", ["a.avi", "a"])
def test_other_suffixes_are_refused_with_those_known(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=rf"{name}: expected .* \.gif or \.mp4 or \.webm or .*"):
        save_animation(tmp_path / name, noise(2))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [".gif", ".mp4", ".webm", ".webp", ".apng"])
@pytest.mark.parametrize(
    ("frames", "message"),
    [
        (torch.zeros(0, 3, 8, 8), "frames: found the shape"),
        (torch.zeros(3, 8, 8), "frames: found the shape"),
        (torch.zeros(2, 1, 8, 8), "frames: found the shape"),
        (torch.full((2, 3, 8, 8), torch.nan), "frames: .*NaN"),
    ],
)
def test_unusable_frames_are_one_line(
    tmp_path: Path, suffix: str, frames: Tensor, message: str
) -> None:
    with pytest.raises(InputError, match=message) as caught:
        save_animation(tmp_path / f"a{suffix}", frames)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a.gif", "a.mp4", "a.webm", "a.webp", "a.apng"])
def test_unwritable_files_and_wrong_numbers_are_one_line(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=rf"none.{name}: cannot be written"):
        save_animation(tmp_path / "none" / name, noise(2))
    for times in ({"duration": 0}, {"hold": 0}, {"loop_hold": 0}, {"hold": 10**6}):
        with pytest.raises(InputError, match=f"{next(iter(times))} .* milliseconds"):
            save_animation(tmp_path / name, noise(2), **times)
    with pytest.raises(InputError, match="repeats 0: expected at least 1"):
        save_animation(tmp_path / name, noise(2), repeats=0)
    assert list(tmp_path.iterdir()) == []
