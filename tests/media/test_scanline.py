"""Slices over time, read back pixel by pixel."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
import torch

from elpips.media import choose_rows, read_image, save_scanlines, scanline
from elpips.media.panel import text_size
from elpips.media.scanline import _MARKS
from elpips.metrics import InputError
from frame_pictures import contains, enlarged, moving, noise


def test_scanline_stacks_a_row_over_time() -> None:
    frames = noise(4)
    part = scanline(frames, 7, 3)
    assert part.shape == (3, 12, 12)
    for line in range(12):
        assert torch.equal(part[:, line], frames[line // 3, :, 7])
    assert scanline(noise(4, 40), 7).shape == (3, 40, 12)
    assert scanline(noise(30), 7).shape == (3, 30, 12)


def test_rows_are_where_things_move() -> None:
    rows = choose_rows(moving(64, {20: 1.0, 50: 0.6}))
    assert abs(rows[0] - 20) <= 2 and abs(rows[1] - 50) <= 2


def test_rows_are_a_quarter_apart_and_off_the_borders() -> None:
    # Row 26 moves more than row 50, but lies too near to row 20; row 2 lies at the border.
    frames = moving(64, {2: 1.0, 20: 0.9, 26: 0.8, 50: 0.5})
    rows = choose_rows(frames)
    assert abs(rows[0] - 20) <= 2 and abs(rows[1] - 50) <= 2
    for count, apart in ((1, 0), (2, 16), (3, 8), (6, 4), (56, 1)):
        chosen = choose_rows(frames, count)
        assert len(set(chosen)) == count and chosen == sorted(chosen)
        assert chosen[0] >= 4 and chosen[-1] < 60
        assert all(b - a >= apart for a, b in pairwise(chosen))


def test_rows_must_vary_along_themselves() -> None:
    frames = moving(64, {40: 0.4})
    # Brightness alone flashes here.
    flash = torch.tensor([0.0, 1, 0, 1, 0, 1])[:, None, None, None]
    frames[:, :, 12:20] = flash
    assert abs(choose_rows(frames, 1)[0] - 40) <= 2


def test_rows_of_what_stands_still() -> None:
    rows = choose_rows(torch.zeros(1, 3, 16, 16))
    assert len(rows) == 2 and rows[1] - rows[0] >= 4


def test_scanlines_show_slices_and_mark_rows(tmp_path: Path) -> None:
    path, fade = noise(5, 64, 192), noise(5, 64, 192).flip(3)
    save_scanlines(tmp_path / "a.png", path, [10, 40], baseline=fade)
    picture = read_image(tmp_path / "a.png")
    ((top, left),) = contains(picture, path[0][:, 50:])
    top -= 50
    found = []
    for frames in (path, fade):
        for row in (10, 40):
            per_frame = (64 - 2 * text_size(192)) // 2 // 5
            part = scanline(frames, row, per_frame)
            found += contains(picture, part)
    assert len(found) == 4
    assert found[0][0] == found[2][0] == top and found[1][0] == found[3][0] > top
    assert found[0][1] == found[1][1] > left + 192 and found[2][1] == found[3][1]
    for index, row in enumerate((10, 40)):
        colour = torch.tensor(_MARKS[index])
        marked = picture[:, top + row, left : left + 192]
        assert float((marked - colour[:, None]).abs().max()) < 0.01
        assert bool((picture[:, top + row - 1, left : left + 192] == 0).all())
        # The same colour stands beside the row's slices.
        beside = picture[:, found[index][0], found[index][1] - 1]
        assert float((beside - colour).abs().max()) < 0.01


def test_scanlines_choose_rows_and_enlarge(tmp_path: Path) -> None:
    frames = (moving(64, {20: 1.0, 50: 0.6}) * 255).round() / 255
    save_scanlines(tmp_path / "a.png", frames)
    picture = read_image(tmp_path / "a.png")
    first, second = choose_rows(frames)
    part = enlarged(frames[0], 6)[:, 6 * first + 8 : 6 * second - 2]
    assert len(contains(picture, part)) == 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda path: scanline(noise(2), 10), "row 10: expected 0 to 9"),
        (lambda path: scanline(noise(2), -1), "row -1"),
        (lambda path: scanline(noise(2), 1, 0), "height_per_frame 0"),
        (lambda path: choose_rows(noise(2), 11), "count 11: expected 1 to 10"),
        (lambda path: choose_rows(noise(2)[0]), "frames: found the shape"),
        (lambda path: save_scanlines(path, noise(2), []), "no rows"),
        (lambda path: save_scanlines(path, noise(2), [3, 10]), "row 10: expected 0 to 9"),
        (lambda path: save_scanlines(path, noise(2), [1], noise(2, 8)), "baseline: found"),
        (lambda path: save_scanlines(path / "none", noise(2)), "none: cannot be written"),
    ],
)
def test_errors_are_one_line(tmp_path: Path, call, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        call(tmp_path / "a.png")
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []
