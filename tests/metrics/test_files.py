"""A file is written whole or not at all."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from elpips.metrics.errors import InputError
from elpips.metrics.files import atomic_write, watching


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


def test_temporary_names_are_new_and_follow_no_link(tmp_path: Path) -> None:
    path, users = tmp_path / "a.txt", tmp_path / "users.txt"
    users.write_text("the user's")
    path.symlink_to(users)
    with atomic_write(path) as one, atomic_write(path) as two:
        assert one != two and not one.is_symlink()
        one.write_text("one")
        two.write_text("two")
    assert users.read_text() == "the user's"
    assert path.read_text() == "one" and not path.is_symlink()


@pytest.mark.parametrize("stem", ["a" * 245, "ä" * 120])
def test_long_names_leave_room_for_the_temporary_one(tmp_path: Path, stem: str) -> None:
    with atomic_write(tmp_path / f"{stem}.txt") as temporary:
        temporary.write_text("new")
    assert [path.name for path in tmp_path.iterdir()] == [f"{stem}.txt"]


def test_watchers_see_files_before_they_take_their_place(tmp_path: Path) -> None:
    path, seen = tmp_path / "a.txt", []

    def watch(target: Path, temporary: Path) -> None:
        seen.append((target, temporary.read_text(), target.exists()))

    with watching(watch), atomic_write(path) as temporary:
        temporary.write_text("new")
    with atomic_write(path) as temporary:
        temporary.write_text("unseen")
    assert seen == [(path, "new", False)]

    def refuse(target: Path, temporary: Path) -> None:
        raise InputError("no")

    with (
        pytest.raises(InputError, match=r"^no$"),
        watching(refuse),
        atomic_write(path) as temporary,
    ):
        temporary.write_text("refused")
    assert path.read_text() == "unseen" and list(tmp_path.iterdir()) == [path]
