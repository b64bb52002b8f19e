"""Tables and folders as rows."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from PIL import Image

from elpips.metrics import InputError
from elpips.scripts.runs.manifest import Row, match_folders, read_manifest, with_defaults


def columns(path: Path) -> list[dict]:
    return [dict(row.columns) for row in read_manifest(path)]


def test_csv_and_json_lines_say_the_same(tmp_path: Path) -> None:
    table, lines = tmp_path / "rows.csv", tmp_path / "rows.jsonl"
    table.write_text(
        "\ufeffstart,inputs,--weights,equal_steps\r\n"
        "a b.png,,,yes\r\n"
        "\r\n"
        ",\"'c d.png' C:\\e.png\",3 1,\r\n",
        "utf-8",
    )
    lines.write_text(
        '{"start": "a b.png", "inputs": "", "weights": null, "equal-steps": "yes"}\n\n'
        '{"inputs": ["c d.png", "C:\\\\e.png"], "weights": ["3", "1"]}\n'
    )
    found = [
        [{k: v for k, v in row.items() if v not in (None, "", [])} for row in columns(each)]
        for each in (table, lines)
    ]
    assert found[0] == found[1]
    assert found[0][1] == {"inputs": ["c d.png", "C:\\e.png"], "weights": ["3", "1"]}
    assert read_manifest(table)[1].place == f"{table}, row 2"


def test_tabs_and_semicolons_separate_too(tmp_path: Path) -> None:
    for name, text in (("t.tsv", "start\tend\na\tb\n"), ("s.csv", "start;end\na;b\n")):
        (tmp_path / name).write_text(text)
        assert columns(tmp_path / name) == [{"start": "a", "end": "b"}]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("t.csv", "", "no rows"),
        ("t.csv", "start,end\n", "no rows"),
        ("t.csv", "start,start\na,b\n", "two of one"),
        ("t.csv", "start,end\na,b,c\n", "row 1: more cells"),
        ("t.csv", 'start,init\na,"it\'s"\n', "row 1, column init"),
        ("t.jsonl", "[1]\n", "row 1: is no JSON object"),
        ("t.jsonl", '{"a": 1}\n{"size": {}}\n', "row 2, column size"),
    ],
)
def test_what_is_no_table_is_said(tmp_path: Path, name: str, text: str, said: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=said):
        read_manifest(tmp_path / name)


def test_a_table_that_is_missing_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_manifest(tmp_path / "none.csv")
    (tmp_path / "picture.csv").write_bytes(b"\x89PNG\xff")
    with pytest.raises(InputError, match="no text"):
        read_manifest(tmp_path / "picture.csv")


def test_folders_are_matched_by_name(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for folder, names in (("x", ("1.png", "2.png", "3.png")), ("y", ("1.bmp", "3.png", "4.png"))):
        (tmp_path / folder).mkdir()
        for name in names:
            Image.new("RGB", (4, 4)).save(tmp_path / folder / name)
    with caplog.at_level(logging.WARNING, "elpips"):
        rows = match_folders(tmp_path / "x", tmp_path / "y")
    assert [row.columns["name"] for row in rows] == ["1", "3"]
    assert rows[0].columns["end"].endswith("1.bmp")
    assert "2.png" in caplog.text and "4.png" in caplog.text and "3.png" not in caplog.text
    (tmp_path / "x/1.bmp").write_bytes((tmp_path / "y/1.bmp").read_bytes())
    with pytest.raises(InputError, match="has the name of"):
        match_folders(tmp_path / "x", tmp_path / "y")
    for path in (tmp_path / "y").glob("[13]*"):
        path.unlink()
    with pytest.raises(InputError):
        match_folders(tmp_path / "x", tmp_path / "y")


def test_defaults_stand_where_rows_say_nothing() -> None:
    rows = [Row("1", {"size": ""}), Row("2", {"size": "64"})]
    found = with_defaults(rows, ["size=32", "--weights=3 1"])
    assert [row.columns["size"] for row in found] == ["32", "64"]
    assert found[0].columns["weights"] == ["3", "1"]
    with pytest.raises(InputError, match="COLUMN=VALUE"):
        with_defaults(rows, ["size"])
