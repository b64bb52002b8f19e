"""Filmstrips, read back pixel by pixel."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from elpips.media import filmstrip, read_image, save_filmstrip
from elpips.media.panel import GAP
from elpips.metrics import InputError
from frame_pictures import contains, enlarged, noise


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


def test_filmstrips_keep_their_pixels(tmp_path: Path) -> None:
    path, fade = noise(14), noise(3).flip(3)
    save_filmstrip(tmp_path / "a.png", [("geodesic", path), ("cross-fade", fade)])
    picture = read_image(tmp_path / "a.png")
    factor = 8  # 12 pixels, enlarged to 96
    tops = []
    for frame in (path[0], path[7], fade[0]):
        ((top, left),) = contains(picture, enlarged(frame, factor))
        assert left == GAP
        tops.append(top)
    assert tops[1] - tops[0] == 10 * factor + 2
    # There is ink in the labels above both strips, and none between frames.
    assert float(picture[:, : tops[0]].min()) < 0.5
    assert float(picture[:, tops[1] + 10 * factor : tops[2]].min()) < 0.5
    assert bool((picture[:, tops[0] + 10 * factor : tops[1]] == 1).all())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda path: filmstrip(torch.full((2, 3, 8, 8), torch.nan)), "frames: .*NaN"),
        (lambda path: filmstrip(noise(2), columns=0), "columns 0"),
        (lambda path: save_filmstrip(path, []), "no rows"),
        (lambda path: save_filmstrip(path, [("a", noise(2)[0])]), "frames: found the shape"),
        (lambda path: save_filmstrip(path / "b", [("a", noise(2))]), "b: cannot be written"),
    ],
)
def test_errors_are_one_line(tmp_path: Path, call, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        call(tmp_path / "a.png")
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []
