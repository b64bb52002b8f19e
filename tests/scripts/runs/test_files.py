"""Output folders that cannot be written to are said before the work begins."""

from __future__ import annotations

import errno
import json
import tempfile
from pathlib import Path

import pytest

from elpips.metrics.errors import InputError
from elpips.scripts.runs.files import prepare_outdir, write_json


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


def test_json_is_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    write_json(path, {"a": (1, float("inf")), "b": tmp_path})
    assert json.loads(path.read_text()) == {"a": [1, None], "b": str(tmp_path)}
    with pytest.raises(TypeError):
        write_json(path, {"a": object()})
    assert json.loads(path.read_text())["a"] == [1, None]
    assert [each.name for each in tmp_path.iterdir()] == ["run.json"]
