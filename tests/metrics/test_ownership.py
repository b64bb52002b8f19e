"""Files that our runs wrote are told from the user's by what they hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from elpips.metrics.errors import InputError
from elpips.metrics.files import atomic_write
from elpips.metrics.ownership import LIST_NAME, Owned, check_inputs, owned_files, owning


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as temporary:
        temporary.write_text(text)


def run(folder: Path, files: dict[str, str], *, resume: bool = False) -> None:
    """Write files as a run does, and remove what it did not write."""
    with owning(Owned.of(folder, resume=resume)) as owned:
        for name, text in files.items():
            write(folder / name, text)
        owned.remove_earlier()


def names(folder: Path) -> set[str]:
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != LIST_NAME)
    return {path.relative_to(folder).as_posix() for path in found}


def test_a_reused_folder_ends_up_with_one_runs_files(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("the user's")
    run(tmp_path, {"a.png": "1", "inputs/00.png": "1", "inputs/01.png": "1", "flow/0.flo": "1"})
    run(tmp_path, {"a.png": "2", "inputs/00.png": "2"})
    assert names(tmp_path) == {"notes.txt", "a.png", "inputs/00.png"}
    assert not (tmp_path / "flow").exists()


def test_a_resumed_run_keeps_what_it_wrote_before(tmp_path: Path) -> None:
    run(tmp_path, {"inputs/00.png": "1"})
    run(tmp_path, {"a.png": "1"}, resume=True)
    assert names(tmp_path) == {"inputs/00.png", "a.png"}


def test_what_the_user_changed_is_the_users(tmp_path: Path) -> None:
    run(tmp_path, {"a.png": "1", "b.png": "1"})
    (tmp_path / "b.png").write_text("retouched")
    with pytest.raises(InputError, match=r"b\.png: no run here has written it"):
        Owned.of(tmp_path).check(["a.png", "b.png"])
    with pytest.raises(InputError, match="not written over"):
        run(tmp_path, {"a.png": "2", "b.png": "2"})
    run(tmp_path, {"c.png": "3"})
    assert names(tmp_path) == {"b.png", "c.png"}
    assert (tmp_path / "b.png").read_text() == "retouched"


def test_a_folder_with_anything_of_the_users_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "frames"
    folder.mkdir()
    Owned.of(tmp_path).check(["frames/", "none/", "none.png"])
    (folder / ".DS_Store").touch()
    (folder / "Thumbs.db").touch()
    Owned.of(tmp_path).check(["frames/"])
    (folder / "deep").mkdir()
    (folder / "deep" / "notes.txt").touch()
    with pytest.raises(InputError, match=r"frames: holds notes\.txt, which no run here has"):
        Owned.of(tmp_path).check(["frames/"])
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="file: is no folder"):
        Owned.of(tmp_path).check(["file/"])


def test_links_are_not_ours_and_not_followed(tmp_path: Path) -> None:
    out, users = tmp_path / "out", tmp_path / "users"
    users.mkdir()
    (users / "0000.png").write_text("the user's")
    run(out, {"a.png": "1"})
    (out / "frames").symlink_to(users)
    with pytest.raises(InputError, match=r"frames: holds 0000\.png"):
        Owned.of(out).check(["frames/"])
    (out / "a.png").unlink()
    (out / "a.png").symlink_to(users / "0000.png")
    with pytest.raises(InputError, match=r"a\.png: no run"):
        Owned.of(out).check(["a.png"])
    assert (users / "0000.png").read_text() == "the user's"


def test_whatever_ends_a_run_its_files_are_known(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), owning(Owned.of(tmp_path, resume=False)):
        write(tmp_path / "a.png", "1")
        write(tmp_path / "a.png", "2")
        raise KeyboardInterrupt
    path = tmp_path / LIST_NAME
    path.write_bytes(path.read_bytes() + b'[1, "b.png", "12')
    assert Owned.of(tmp_path).owns(tmp_path / "a.png")
    run(tmp_path, {"c.png": "1"})
    assert names(tmp_path) == {"c.png"}
    assert Owned.of(tmp_path).owns(tmp_path / "c.png")


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "{}",
        "[1, 2, 3]",
        '[1, "../a.png", "0"]\n["x", "a.png", "0"]\n[-1, "a.png", "0"]',
        '[1, "/etc/a.png", "0"]',
        "\udcff\n\0",
    ],
)
def test_lists_that_are_none_own_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / LIST_NAME).write_bytes(text.encode("utf-8", "surrogateescape"))
    (tmp_path / "a.png").touch()
    owned = Owned.of(tmp_path, resume=False)
    assert not owned.digests and not owned.owns(tmp_path / "a.png")


def test_inputs_among_the_results_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    (folder / "frames").mkdir(parents=True)
    (tmp_path / "link.png").symlink_to(folder / "frames" / "0000.png")
    (tmp_path / "linked").symlink_to(folder)
    targets = ["frames/", "mean.png"]
    check_inputs(folder, targets, [tmp_path / "a.png", folder / "a.png"])
    for path in (
        folder / "frames" / "0000.png",
        tmp_path / "link.png",
        tmp_path / "linked" / "mean.png",
        folder / "frames",
    ):
        with pytest.raises(InputError, match="is where the results go"):
            check_inputs(folder, targets, [path])
        with pytest.raises(InputError, match="is where the results go"):
            check_inputs(tmp_path / "linked", targets, [path])


def test_the_list_is_the_runs_the_one_above_or_the_folders_own(tmp_path: Path) -> None:
    with owned_files(tmp_path / "new") as owned:
        assert owned.folder == tmp_path / "new"
    run(tmp_path, {"a.png": "1"})
    with owned_files(tmp_path / "frames") as owned:
        assert owned.folder == tmp_path
    with owning(Owned.of(tmp_path)) as outer, owned_files(tmp_path / "frames") as owned:
        assert owned is outer
