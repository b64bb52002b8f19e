"""Grids, by the pixels where pictures stand."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from elpips.media import Cell, read_image, save_grid
from elpips.metrics.errors import InputError

RED, GREEN, BLUE = torch.eye(3).view(3, 3, 1, 1).expand(3, 3, 24, 20)


def places(picture: Tensor, colour: Tensor) -> tuple[float, float, int]:
    """Return the centre (row, column) of the pixels of a colour, and their number."""
    rows, columns = ((picture - colour[:, :1, :1]).abs().amax(0) < 0.02).nonzero().T
    return float(rows.float().mean()), float(columns.float().mean()), len(rows)


def test_pictures_stand_row_by_row(tmp_path: Path) -> None:
    save_grid(tmp_path / "a.png", [[Cell(RED, "one"), Cell(GREEN, "two")], [Cell(BLUE, "three")]])
    picture = read_image(tmp_path / "a.png")
    red, green, blue = (places(picture, colour) for colour in (RED, GREEN, BLUE))
    assert red[2] == pytest.approx(green[2], rel=0.05) and red[2] > 24 * 20
    assert red[0] == green[0] < blue[0] and red[1] == blue[1] < green[1]
    # Ink of the captions above.
    top = picture[:, : int(red[0]) // 4].amin(0)
    assert float(top[:, : picture.shape[2] // 2].min()) < 0.5
    assert float(top[:, picture.shape[2] // 2 :].min()) < 0.5


def test_zooms_show_the_middle_below(tmp_path: Path) -> None:
    image = RED.clone()
    image[:, 8:16, 6:14] = GREEN[:, :8, :8]
    save_grid(tmp_path / "plain.png", [[Cell(image, "one")]])
    save_grid(tmp_path / "zoomed.png", [[Cell(image, "one")]], zoom=8)
    plain, zoomed = (read_image(tmp_path / f"{name}.png") for name in ("plain", "zoomed"))
    assert zoomed.shape == (3, 2 * plain.shape[1], plain.shape[2])
    # Above, the middle is a small part of the picture; below, it is all there is.
    split = zoomed.shape[1] * 6 // 10
    above, below = zoomed[:, :split], zoomed[:, split:]
    assert places(above, RED)[2] > places(above, GREEN)[2] > 0
    assert places(below, GREEN)[2] > 3 * places(above, GREEN)[2]
    assert not bool(((below - RED[:, :1, :1]).abs().amax(0) < 0.02).any())


@pytest.mark.parametrize("rows", [[], [[]]])
def test_no_pictures_are_said(tmp_path: Path, rows: list[list[Cell]]) -> None:
    with pytest.raises(InputError, match="no pictures given"):
        save_grid(tmp_path / "a.png", rows)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["x$_$y", "$\\frac{1", "a_b^c", "日本語", "\udce9", "a\nb\x07", "x" * 250, "é" * 200]
)
def test_captions_are_names_and_not_markup(tmp_path: Path, name: str) -> None:
    save_grid(tmp_path / "a.png", [[Cell(RED, name)]])
    assert read_image(tmp_path / "a.png").std() > 0.01
