"""What the page computes from pictures, against the library's numbers."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from elpips.geometry.reference_path import cross_fade
from elpips.geometry.sine_modes import times_of
from elpips.media import read_frames, read_images, to_uint8

pytestmark = pytest.mark.browser

# Slices are computed before the next picture of the page.
PAINTED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"

READ = """id => {
  const shown = document.getElementById(id), canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [shown.width, shown.height];
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.drawImage(shown, 0, 0);
  const data = context.getImageData(0, 0, canvas.width, canvas.height).data;
  return [canvas.width, canvas.height, btoa(String.fromCharCode(...data))];
}"""


def canvas(page: Any, name: str) -> np.ndarray:
    """Return what a canvas shows, (H, W, 3)."""
    width, height, text = page.evaluate(READ, name)
    found = np.frombuffer(base64.b64decode(text), np.uint8).reshape(height, width, 4)
    assert (found[..., 3] == 255).all()
    return found[..., :3]


def frames_of(run: Path) -> np.ndarray:
    return np.stack([np.asarray(Image.open(path)) for path in sorted(run.glob("frames/*.png"))])


def fade_of(run: Path) -> np.ndarray:
    frames = read_frames(run / "frames")
    return to_uint8(cross_fade(frames[0], frames[-1], times_of(len(frames) - 1)))


def along(frames: np.ndarray, line: tuple[int, int, int, int]) -> np.ndarray:
    """Return the pixels (N, points, 3) of frames along a line, bilinearly."""
    x0, y0, x1, y1 = line
    count = max(abs(x1 - x0), abs(y1 - y0)) + 1
    xs, ys = np.linspace(x0, x1, count), np.linspace(y0, y1, count)
    left, top = np.floor(xs).astype(int), np.floor(ys).astype(int)
    right = np.minimum(left + 1, frames.shape[2] - 1)
    bottom = np.minimum(top + 1, frames.shape[1] - 1)
    u, v = (xs - left)[:, None], (ys - top)[:, None]
    upper = (1 - u) * frames[:, top, left] + u * frames[:, top, right]
    lower = (1 - u) * frames[:, bottom, left] + u * frames[:, bottom, right]
    return (1 - v) * upper + v * lower


def test_frames_and_the_cross_fade_are_the_runs(look, runs) -> None:
    page, run = look(runs.report("path")), runs("path")
    frames, fade = frames_of(run), fade_of(run)
    page.keyboard.press("Home")
    for index in range(len(frames)):
        assert np.array_equal(canvas(page, "canvas-a"), frames[index])
        assert np.array_equal(canvas(page, "canvas-b"), fade[index])
        page.keyboard.press("ArrowRight")


def test_fades_of_a_circle_join_its_keys(look, runs) -> None:
    page, run = look(runs.report("circle")), runs("circle")
    frames = frames_of(run)
    keys = read_images(sorted(run.glob("segments/*/inputs/00_*.png")))
    page.keyboard.press("Home")
    ends = [
        index for index, each in enumerate(frames) if (each == to_uint8(keys)).all((1, 2, 3)).any()
    ]
    assert len(ends) == 3
    last = len(frames) - ends[-1]
    fade = to_uint8(cross_fade(keys[2], keys[0], times_of(last)))
    for _ in range(ends[-1]):
        page.keyboard.press("ArrowRight")
    for index in range(last):
        assert np.array_equal(canvas(page, "canvas-a"), frames[ends[-1] + index])
        assert np.array_equal(canvas(page, "canvas-b"), fade[index])
        page.keyboard.press("ArrowRight")


@pytest.mark.parametrize(
    "line", [(0, 12, 40, 12), (7, 0, 7, 32), (0, 0, 40, 32), (33, 5, 3, 28), (9, 9, 9, 9)]
)
def test_slices_are_the_frames_pixels(line, look, runs) -> None:
    page, run = look(runs.report("path")), runs("path")
    for index, value in enumerate(line):
        page.fill(f"#line-{index}", str(value))
        page.keyboard.press("Enter")
    page.evaluate(PAINTED)
    for name, frames in (("slice-a", frames_of(run)), ("slice-b", fade_of(run))):
        expected = along(frames, line)
        found = canvas(page, name)
        assert found.shape == expected.shape
        assert abs(found - expected).max() <= 0.5 + 1e-6
        if line[0] == line[2] or line[1] == line[3]:
            assert np.array_equal(found, expected)


def test_a_wipe_is_both_and_a_difference_is_what_is_left(look, runs) -> None:
    page, run = look(runs.report("path")), runs("path")
    frame, fade = frames_of(run)[3].astype(int), fade_of(run)[3].astype(int)
    page.keyboard.press("2")
    page.locator("#wipe").fill("250")
    found = canvas(page, "canvas-a")
    assert np.array_equal(found[:, :10], frame[:, :10])
    assert np.array_equal(found[:, 10:], fade[:, 10:])
    page.keyboard.press("3")
    for gain in (1, 16):
        page.select_option("#gain", str(gain))
        expected = np.minimum(gain * abs(frame - fade), 255)
        assert np.array_equal(canvas(page, "canvas-a"), expected)


def test_pictures_of_an_image_and_of_an_attack_are_the_runs(look, runs) -> None:
    page, run = look(runs.report("image")), runs("image")
    for name, file in (("canvas-a", "barycenter.png"), ("canvas-b", "mean.png")):
        assert np.array_equal(canvas(page, name), np.asarray(Image.open(run / file)))
    page.keyboard.press("Home")
    first = np.asarray(Image.open(run / "snapshots/000001.png"))
    assert np.array_equal(canvas(page, "canvas-a"), first)
    page, run = look(runs.report("attack")), runs("attack")
    (source,) = run.glob("inputs/00_*.png")
    for name, file in (("canvas-a", run / "attack.png"), ("canvas-b", source)):
        assert np.array_equal(canvas(page, name), np.asarray(Image.open(file)))
