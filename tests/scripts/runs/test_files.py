"""Output folders that cannot be written to are said before the work begins."""

from __future__ import annotations

import errno
import json
import tempfile
from pathlib import Path

import pytest

from elpips.metrics.claims import command_scope
from elpips.metrics.errors import InputError
from elpips.scripts.runs.files import (
    prepare_outdir,
    read_json,
    remove_earlier,
    write_json,
    writes,
)


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


def test_prepare_outdir_holds_a_folder_and_refuses_what_is_the_users(tmp_path: Path) -> None:
    names = ["frames/", "mean.png"]
    (tmp_path / "a.png").touch()
    assert prepare_outdir(tmp_path, names, [tmp_path / "a.png"]) == tmp_path
    with pytest.raises(InputError, match=r"mean\.png: is where the results go"):
        prepare_outdir(tmp_path, names, [tmp_path / "mean.png"])
    (tmp_path / "mean.png").touch()
    with pytest.raises(InputError, match=r"mean\.png: no run here has written it"):
        prepare_outdir(tmp_path, names)
    (tmp_path / "mean.png").unlink()
    for text, resume in (("1", False), ("2", True), ("3", False)):
        with command_scope():
            folder = prepare_outdir(tmp_path, names, resume=resume)
            write_json(folder / f"{text}.json", {})
            write_json(folder / "run.json", {})
            remove_earlier(folder)
        kept = {path.name for path in tmp_path.iterdir() if path.suffix == ".json"}
        assert kept == ({"1.json", "2.json"} if text == "2" else {f"{text}.json"}) | {"run.json"}


def test_a_resumed_run_does_not_write_its_inputs_anew() -> None:
    assert writes(["inputs/", "a.png"], resume=True) == ["a.png"]
    assert writes(["inputs/", "a.png"], resume=False) == ["inputs/", "a.png"]


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "\xff"])
def test_json_that_cannot_be_read_is_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.json"
    with pytest.raises(InputError, match=r"a\.json: cannot be read \(No such file"):
        read_json(path)
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match=r"a\.json: is no JSON") as caught:
        read_json(path)
    assert "\n" not in str(caught.value)
    write_json(path, {"a": 1})
    assert read_json(path) == {"a": 1}


def test_json_is_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    write_json(path, {"a": (1, float("inf")), "b": tmp_path})
    assert json.loads(path.read_text()) == {"a": [1, None], "b": str(tmp_path)}
    with pytest.raises(TypeError):
        write_json(path, {"a": object()})
    assert json.loads(path.read_text())["a"] == [1, None]
    assert [each.name for each in tmp_path.iterdir()] == ["run.json"]
