"""``elpips open``: the page in the browser, or its path."""

from __future__ import annotations

import webbrowser
from pathlib import Path

import pytest

from command_line import failure
from elpips.scripts.cli import main


@pytest.mark.parametrize("there", [True, False])
def test_it_opens_the_page_or_says_where_it_is(
    there: bool, tmp_path: Path, monkeypatch, capsys
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda url: opened.append(url) or there)
    page = tmp_path / "a run" / "report.html"
    page.parent.mkdir()
    page.write_text("")
    for path in (page.parent, page):
        assert main(["open", str(path)]) == 0
        said = capsys.readouterr().out
        assert str(page) in said and ("no browser" in said) == (not there)
    assert opened == [page.as_uri()] * 2 and "a%20run" in opened[0]


def test_what_is_not_there_is_said_in_a_line(tmp_path: Path, capsys) -> None:
    assert "elpips report" in failure(capsys, "open", str(tmp_path))
    assert "no such file" in failure(capsys, "open", str(tmp_path / "page.html"))
