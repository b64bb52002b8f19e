"""``elpips retrieve``: answers, the picture of them, and what is left out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from command_line import failure
from elpips.media import save_image
from elpips.scripts.cli import main
from random_images import images


@pytest.fixture
def pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.delenv("ELPIPS_WEIGHTS", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "album").mkdir()
    x = images(4, 24, 30)
    save_image(tmp_path / "query.png", x[0])
    for name, each in zip("abc", [x[1], 0.9 * x[0] + 0.05, x[2]], strict=True):
        save_image(tmp_path / "album" / f"{name}.png", each)
    save_image(tmp_path / "album" / "d.png", x[3, :, :20, :18])
    (tmp_path / "album" / "e.png").write_bytes(b"no picture")
    return ["retrieve", "query.png", "album"]


def answers(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    """Return what is printed as JSON; pictures that are left out are told beside it."""
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_nearest_is_found_and_certified(
    pictures: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    found = answers(capsys, *pictures, "--count", "2", "--outdir", "out")
    assert found["metric"] == "lipsim" and found["compared"] == 4 and found["radius"] > 0
    assert found["answers"][0]["image"] == "album/b.png"
    assert len(found["answers"]) == 2 and [*found["unreadable"]] == ["album/e.png"]
    assert Path("out/answers.png").stat().st_size > 0
    kept = {path.name: path.stat().st_mtime_ns for path in Path("out/embeddings").iterdir()}
    assert len(kept) == 5
    assert main([*pictures, "--outdir", "out"]) == 0
    shown = capsys.readouterr().out
    assert "certified for changes of the query below l2" in shown and "1 left out" in shown
    again = {path.name: path.stat().st_mtime_ns for path in Path("out/embeddings").iterdir()}
    assert again == kept


def test_metrics_that_compare_place_by_place_need_one_size(
    pictures: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    found = answers(capsys, *pictures, "--metric", "l2", "--outdir", "out")
    assert found["compared"] == 3 and "--size" in found["unreadable"]["album/d.png"]
    assert found["radius"] is None
    scaled = answers(capsys, *pictures, "--metric", "l2", "--size", "16", "--outdir", "out")
    assert scaled["compared"] == 4


def test_what_cannot_be_looked_for(pictures: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert "no such folder" in failure(capsys, "retrieve", "query.png", "none")
    assert "none.png" in failure(capsys, "retrieve", "none.png", "album")
    assert "count: found 0" in failure(capsys, *pictures, "--count", "0")


def test_what_was_found_before_is_no_answer(
    pictures: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        found = answers(capsys, *pictures, "--outdir", "album")
        assert found["compared"] == 4
