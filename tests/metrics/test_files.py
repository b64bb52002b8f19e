"""A file is written whole or not at all."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from elpips.metrics.errors import InputError
from elpips.metrics.files import atomic_write


def test_a_file_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "a.tar.gz"
    path.write_text("old")
    with atomic_write(str(path)) as temporary:
        assert temporary.parent == tmp_path and temporary.suffix == ".gz"
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(InputError, match="No space left"), atomic_write(path) as temporary:
        assert temporary.suffix == ".txt"
        temporary.write_text("ne")
        raise OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(KeyboardInterrupt), atomic_write(path) as temporary:
        temporary.write_text("ne")
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_wrong_with_the_content_is_not_the_files_fault(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^bad$") as raised, atomic_write(tmp_path / "a") as path:
        path.write_text("ne")
        raise ValueError("bad")
    assert not isinstance(raised.value, InputError)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_is_said_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "no" / "a.txt"
    with pytest.raises(InputError) as raised, atomic_write(path) as temporary:
        temporary.write_text("new")
    assert str(raised.value) == f"{path}: cannot be written (No such file or directory)"
    # A folder is in its place.
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(InputError, match="cannot be written"), atomic_write(folder) as temporary:
        temporary.write_text("new")
    assert list(tmp_path.iterdir()) == [folder]
