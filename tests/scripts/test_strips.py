"""Filmstrips and slices, read back pixel by pixel."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
import torch
from torch import Tensor

from elpips.media import strips as strips
from elpips.media.read import read_image
from elpips.media.strips import choose_rows, filmstrip, save_filmstrip, save_scanlines, scanline
from elpips.media.write import to_uint8
from elpips.metrics import InputError

NAN = torch.full((2, 3, 8, 8), torch.nan)


def noise(count: int, height: int = 10, width: int = 12) -> Tensor:
    """Return frames of 8-bit values, so that files keep them exactly."""
    generator = torch.Generator().manual_seed(0)
    return torch.randint(256, (count, 3, height, width), generator=generator) / 255


def contains(picture: Tensor, part: Tensor) -> list[tuple[int, int]]:
    """List where (3, h, w) stands in (3, H, W), exactly."""
    wanted = torch.from_numpy(to_uint8(part)).movedim(-1, 0)
    pixels = torch.from_numpy(to_uint8(picture)).movedim(-1, 0)
    height, width = part.shape[1:]
    corners = pixels[:, : pixels.shape[1] - height + 1, : pixels.shape[2] - width + 1]
    starts = (corners == wanted[:, :1, :1]).all(0).nonzero().tolist()
    return [
        (top, left)
        for top, left in starts
        if torch.equal(pixels[:, top : top + height, left : left + width], wanted)
    ]


def enlarged(image: Tensor, factor: int) -> Tensor:
    return image.repeat_interleave(factor, -2).repeat_interleave(factor, -1)


def test_filmstrip_is_one_line_on_white() -> None:
    frames = noise(3)
    strip = filmstrip(frames, gap=2)
    assert strip.shape == (3, 10, 3 * 12 + 2 * 2)
    assert torch.equal(strip[:, :, 14:26], frames[1])
    assert bool((strip[:, :, 12:14] == 1).all())


@pytest.mark.parametrize(
    ("count", "columns", "lines", "across"),
    [(12, None, 1, 12), (13, None, 2, 7), (30, None, 3, 10), (5, 2, 3, 2), (2, 9, 1, 2)],
)
def test_filmstrips_wrap(count: int, columns: int | None, lines: int, across: int) -> None:
    frames = noise(count)
    strip = filmstrip(frames, columns=columns, gap=1)
    assert strip.shape == (3, 11 * lines - 1, 13 * across - 1)
    top, left = (count - 1) // across * 11, (count - 1) % across * 13
    assert torch.equal(strip[:, top : top + 10, left : left + 12], frames[-1])
    assert bool((strip[:, top:, left + 12 :] == 1).all())


def test_scanline_stacks_a_row_over_time() -> None:
    frames = noise(4)
    part = scanline(frames, 7, 3)
    assert part.shape == (3, 12, 12)
    for line in range(12):
        assert torch.equal(part[:, line], frames[line // 3, :, 7])
    assert scanline(noise(4, 40), 7).shape == (3, 40, 12)
    assert scanline(noise(30), 7).shape == (3, 30, 12)


def moving(height: int, rows: dict[int, float]) -> Tensor:
    """Return still noise, and around the given rows noise that moves along x."""
    still = noise(1, height, 32)
    frames = 0.5 + 0.1 * (still - 0.5).repeat(6, 1, 1, 1)
    for row, strength in rows.items():
        for index in range(6):
            band = still[0, :, row - 2 : row + 3].roll(4 * index, -1)
            frames[index, :, row - 2 : row + 3] = 0.5 + strength * (band - 0.5)
    return frames


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


def test_filmstrips_keep_their_pixels(tmp_path: Path) -> None:
    path, fade = noise(14), noise(3).flip(3)
    save_filmstrip(tmp_path / "a.png", [("geodesic", path), ("cross-fade", fade)])
    picture = read_image(tmp_path / "a.png")
    factor = 8  # 12 pixels, enlarged to 96
    tops = []
    for frame in (path[0], path[7], fade[0]):
        ((top, left),) = contains(picture, enlarged(frame, factor))
        assert left == strips._GAP
        tops.append(top)
    assert tops[1] - tops[0] == 10 * factor + 2
    # There is ink in the labels above both strips, and none between frames.
    assert float(picture[:, : tops[0]].min()) < 0.5
    assert float(picture[:, tops[1] + 10 * factor : tops[2]].min()) < 0.5
    assert bool((picture[:, tops[0] + 10 * factor : tops[1]] == 1).all())


def test_scanlines_show_slices_and_mark_rows(tmp_path: Path) -> None:
    path, fade = noise(5, 64, 192), noise(5, 64, 192).flip(3)
    save_scanlines(tmp_path / "a.png", path, [10, 40], baseline=fade)
    picture = read_image(tmp_path / "a.png")
    ((top, left),) = contains(picture, path[0][:, 50:])
    top -= 50
    found = []
    for frames in (path, fade):
        for row in (10, 40):
            per_frame = (64 - 2 * strips._text_size(192)) // 2 // 5
            part = scanline(frames, row, per_frame)
            found += contains(picture, part)
    assert len(found) == 4
    assert found[0][0] == found[2][0] == top and found[1][0] == found[3][0] > top
    assert found[0][1] == found[1][1] > left + 192 and found[2][1] == found[3][1]
    for index, row in enumerate((10, 40)):
        colour = torch.tensor(strips._MARKS[index])
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


@pytest.mark.parametrize("side", [41, 80, 97, 99, 213])
def test_figures_have_the_very_size_of_their_pixels(tmp_path: Path, side: int) -> None:
    # At 100 dots per inch, widths like 57 and 113 are not whole again: 1.13 * 100 < 113.
    panel = strips._Panel(noise(1, side, side)[0], "", 0, 0)
    strips._save_panels(tmp_path / "a.png", [panel], 13)
    picture = read_image(tmp_path / "a.png")
    assert picture.shape == (3, side + 26 + strips._GAP, side + 2 * strips._GAP)
    assert contains(picture, panel.image) == [(26, strips._GAP)]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda path: filmstrip(NAN), "frames: .*NaN"),
        (lambda path: filmstrip(noise(2), columns=0), "columns 0"),
        (lambda path: scanline(noise(2), 10), "row 10: expected 0 to 9"),
        (lambda path: scanline(noise(2), -1), "row -1"),
        (lambda path: scanline(noise(2), 1, 0), "height_per_frame 0"),
        (lambda path: choose_rows(noise(2), 11), "count 11: expected 1 to 10"),
        (lambda path: choose_rows(noise(2)[0]), "frames: found the shape"),
        (lambda path: save_filmstrip(path, []), "no rows"),
        (lambda path: save_filmstrip(path, [("a", noise(2)[0])]), "frames: found the shape"),
        (lambda path: save_scanlines(path, noise(2), []), "no rows"),
        (lambda path: save_scanlines(path, noise(2), [3, 10]), "row 10: expected 0 to 9"),
        (lambda path: save_scanlines(path, noise(2), [1], noise(2, 8)), "baseline: found"),
        (lambda path: save_scanlines(path / "none", noise(2)), "none: cannot be written"),
        (lambda path: save_filmstrip(path / "b", [("a", noise(2))]), "b: cannot be written"),
    ],
)
def test_errors_are_one_line(tmp_path: Path, call, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        call(tmp_path / "a.png")
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []
