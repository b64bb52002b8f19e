from __future__ import annotations

from pathlib import Path

import pytest

from elpips.media import list_images
from elpips.metrics.errors import InputError


def test_numbers_count_by_their_value(tmp_path: Path) -> None:
    ordered = ["A1.png", "a2.JPG", "a10.png", "a10b.avif", "b.tif", "é3.ppm", "é12.ppm", "①1.png"]
    for name in reversed(ordered):
        (tmp_path / name).touch()
    assert [path.name for path in list_images(str(tmp_path))] == ordered


def test_names_that_differ_in_zeros_only_have_one_order(tmp_path: Path) -> None:
    for name in ("1.png", "01.png", "001.png"):
        (tmp_path / name).touch()
    assert [path.name for path in list_images(tmp_path)] == ["001.png", "01.png", "1.png"]


def test_hidden_and_other_files_are_left_out(tmp_path: Path) -> None:
    for name in ("._a.png", ".a.4711.png", ".png", "notes.txt", "png", "a.gif"):
        (tmp_path / name).touch()
    with pytest.raises(InputError, match=r"holds no pictures \(\.avif, \.bmp, .*\.webp\)"):
        list_images(tmp_path)
    (tmp_path / "a.webp").touch()
    assert list_images(tmp_path) == [tmp_path / "a.webp"]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere: no such folder; expected a folder of pictures"):
        list_images(tmp_path / "nowhere")
