"""``elpips batch`` from a table to folders, in real processes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from command_line import failure
from elpips.scripts.cli import main
from interruption import interrupt

FAST = ["--metric", "l2", "--also", "none", "--frames", "4", "--animations", "gif"]


@pytest.fixture
def table(folder: Path, tmp_path: Path) -> Path:
    for path in folder.iterdir():
        os.utime(path, (1, 1))
    found = tmp_path / "rows.csv"
    rows = (("fresh", "a", "b", 7), ("begun", "b", "c", 8), ("broken", "a", "none", 7))
    lines = [f"{name},{folder / a}.png,{folder / b}.png,{steps}" for name, a, b, steps in rows]
    lines.insert(0, "name,start,end,steps")
    found.write_text("\n".join(lines) + "\n")
    return found


def frames(folder: Path) -> list[np.ndarray]:
    found = []
    for path in sorted((folder / "frames").iterdir()):
        with Image.open(path) as image:
            found.append(np.asarray(image))
    return found


@pytest.mark.slow
def test_rows_have_the_pixels_of_single_runs(
    table: Path, folder: Path, tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, b, c = tmp_path / "out", str(folder / "b.png"), str(folder / "c.png")
    single = ["geodesic", b, c, *FAST, "--steps", "8"]
    with monkeypatch.context() as patch:
        interrupt(patch, lambda run: run.step == 3)
        assert main([*single, "--outdir", str(out / "begun")]) == 130
    assert main([*single, "--outdir", str(tmp_path / "single")]) == 0
    capsys.readouterr()
    common = ["--defaults", "metric=l2", "also=none", "frames=4", "animations=gif"]
    arguments = ["batch", str(table), *common, "--outdir", str(out)]
    assert main([*arguments, "--jobs", "2"]) == 1
    said = capsys.readouterr().out
    assert "goes on from its checkpoint" in (out / "batch.json").read_text()
    assert "no such file" in said and "2 done, 1 failed" in said
    for left, right in zip(frames(out / "begun"), frames(tmp_path / "single"), strict=True):
        assert np.array_equal(left, right)
    assert len(frames(out / "fresh")) == 4
    assert main(arguments) == 1
    assert "2 skipped, 1 failed" in capsys.readouterr().out
    rows = json.loads((out / "batch.json").read_text())["rows"]
    assert [row["status"] for row in rows] == ["skipped", "skipped", "failed"]
    assert rows[0]["objective"] > 0 and rows[0]["overlay"] > 0


def test_nothing_is_begun_where_a_row_is_bad(table: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "out"
    assert main(["batch", str(table), "--defaults", "size=1", "--outdir", str(out)]) == 2
    said = capsys.readouterr().err
    assert all(f"row {number}, column size: " in said for number in (1, 2, 3))
    assert said.endswith("(nothing was begun)\n") and not out.exists()


def test_what_is_neither_table_nor_folders(folder: Path, capsys) -> None:
    assert "expected a table" in failure(capsys, "batch", str(folder))
    assert "expected a table" in failure(capsys, "batch", *[str(folder)] * 3)
