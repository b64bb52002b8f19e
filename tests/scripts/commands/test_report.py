"""``elpips report``: made again, beside others, and in its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from command_line import failure
from elpips.scripts.cli import main

FAST = ["--metric", "l2", "--also", "none", "--frames", "3", "--steps", "1", "--animations", "gif"]


@pytest.fixture
def run(pair, tmp_path: Path) -> Path:
    out = tmp_path / "run"
    assert main(["geodesic", *pair, *FAST, "--outdir", str(out)]) == 0
    return out


def test_every_run_has_one_and_it_can_be_made_again(pair, tmp_path: Path, capsys) -> None:
    run = tmp_path / "run"
    page = run / "report.html"
    assert main(["geodesic", *pair, *FAST, "--outdir", str(run)]) == 0
    assert capsys.readouterr().out.strip().splitlines()[-1] == str(page)
    before = page.read_bytes()
    assert main(["report", str(run)]) == 0
    assert capsys.readouterr().out.strip() == str(page)
    assert page.read_bytes() == before
    page.unlink()
    assert main(["report", str(run)]) == 0
    assert page.read_bytes() == before


def test_several_are_compared_where_one_stands(run: Path, tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert main(["report", str(run), str(run)]) == 0
    assert "run (2)" in (tmp_path / "here/report.html").read_text("utf-8")
    named = tmp_path / "there/page.html"
    assert main(["report", str(run), str(run), "--output", str(named)]) == 0
    assert named.is_file()


def test_a_users_page_is_not_written_over(run: Path, tmp_path: Path, capsys) -> None:
    own = tmp_path / "own.html"
    own.write_text("mine")
    capsys.readouterr()
    assert "own.html" in failure(capsys, "report", str(run), "--output", str(own))
    assert own.read_text() == "mine"


def test_what_cannot_be_is_said_in_a_line(run: Path, tmp_path: Path, capsys) -> None:
    capsys.readouterr()
    assert "no such folder" in failure(capsys, "report", str(tmp_path / "nowhere"))
    assert "holds no run.json" in failure(capsys, "report", str(tmp_path))
    assert "ends in .html" in failure(capsys, "report", str(run), "--output", "page.png")
    assert "found no runs" in failure(capsys, "report")
