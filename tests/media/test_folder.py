from __future__ import annotations

from pathlib import Path

import pytest

from elpips.media import list_images
from elpips.media.folder import frames_folder
from elpips.metrics.errors import InputError


def test_numbers_count_by_their_value(tmp_path: Path) -> None:
    ordered = ["①1.png", "A1.png", "a2.JPG", "a10.png", "a10b.avif", "b.tif", "é3.ppm", "é12.ppm"]
    for name in reversed(ordered):
        (tmp_path / name).touch()
    assert [path.name for path in list_images(str(tmp_path))] == ordered


def test_names_that_differ_in_zeros_only_have_one_order(tmp_path: Path) -> None:
    for name in ("1.png", "01.png", "001.png"):
        (tmp_path / name).touch()
    assert [path.name for path in list_images(tmp_path)] == ["001.png", "01.png", "1.png"]


def test_hidden_and_other_files_are_left_out(tmp_path: Path) -> None:
    for name in ("._a.png", ".a.4711.png", ".png", "notes.txt", "png", "Thumbs.db"):
        (tmp_path / name).touch()
    (tmp_path / "b.png").mkdir()
    with pytest.raises(InputError, match=r"holds no pictures \(\.apng, \.avif, .*\.webp\)"):
        list_images(tmp_path)
    (tmp_path / "a.webp").touch()
    assert list_images(tmp_path) == [tmp_path / "a.webp"]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere: no such folder; expected a folder of pictures"):
        list_images(tmp_path / "nowhere")


def test_gifs_are_pictures_where_there_are_no_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("10.gif", "9.gif"):
        (tmp_path / name).touch()
    assert [path.name for path in list_images(tmp_path)] == ["9.gif", "10.gif"]
    assert caplog.messages == []
    (tmp_path / "1.pgm").touch()
    assert list_images(tmp_path) == [tmp_path / "1.pgm"]
    assert caplog.messages == [f"{tmp_path}: left out 10.gif, 9.gif"]


def test_pictures_of_kinds_that_are_not_read_are_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "1.PSD").touch()
    with pytest.raises(InputError, match=r"holds no pictures .*; 1\.PSD cannot be read"):
        list_images(tmp_path)
    (tmp_path / "2.png").touch()
    list_images(tmp_path)
    assert caplog.messages == [f"{tmp_path}: left out 1.PSD"]


def test_an_order_that_is_not_plain_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("t0.png", "t0.125.png", "t0.25.png", "t0.5.png", "t1.png"):
        (tmp_path / name).touch()
    found = [path.name for path in list_images(tmp_path)]
    assert found == ["t0.png", "t0.125.png", "t0.25.png", "t0.5.png", "t1.png"]
    assert caplog.messages[0].endswith(f"taken as {', '.join(found)}")


def test_the_folder_of_a_run_stands_for_its_frames(tmp_path: Path) -> None:
    (tmp_path / "frames").mkdir()
    assert frames_folder(tmp_path) == tmp_path
    (tmp_path / "run.json").touch()
    assert frames_folder(tmp_path) == tmp_path / "frames"
