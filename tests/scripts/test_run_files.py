from __future__ import annotations

import errno
import tempfile
from pathlib import Path

import pytest

from elpips.metrics.errors import InputError
from elpips.scripts.runs.files import prepare_outdir, print_notice


def test_notices_go_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    print_notice("a notice")
    assert capsys.readouterr() == ("", "a notice\n")


def test_prepare_outdir_makes_folders_and_leaves_them_empty(tmp_path: Path) -> None:
    folder = prepare_outdir(tmp_path / "a" / "b")
    assert folder == tmp_path / "a" / "b"
    assert list(folder.iterdir()) == []
    assert prepare_outdir(str(folder)) == folder


def test_prepare_outdir_refuses_files(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(InputError) as error:
        prepare_outdir(file)
    assert str(error.value) == f"{file}: is a file; expected a folder to write to"
    with pytest.raises(InputError, match=r"below: cannot be written to \(Not a directory\)"):
        prepare_outdir(file / "below")


def test_prepare_outdir_tries_to_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**options: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    with pytest.raises(InputError, match=r"cannot be written to \(Permission denied\); name ano"):
        prepare_outdir(tmp_path)
