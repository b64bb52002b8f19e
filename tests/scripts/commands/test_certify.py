"""``elpips certify``: the table, the JSON and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from command_line import failure, run_json
from elpips.media import save_image
from elpips.metrics import create_metric
from elpips.scripts.cli import main
from random_images import images


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.delenv("ELPIPS_WEIGHTS", raising=False)
    x = images(2, 24, 30)
    pictures = [x[0], 0.9 * x[0] + 0.05, x[1]]
    for name, each in zip("rab", pictures, strict=True):
        save_image(tmp_path / f"{name}.png", each)
    return [str(tmp_path / f"{name}.png") for name in "rab"]


def test_json(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    found = run_json(capsys, "certify", *files, "--radii", "0.1", "1e6")
    distances = run_json(capsys, "compare", *files, "--metric", "lipsim")
    assert found["closest"] == 0 and found["metric"] == "lipsim"
    assert found["distances"] == pytest.approx([each["distance"] for each in distances], rel=1e-3)
    assert found["radius"]["reference"] > 0.1 and len(found["radius"]["images"]) == 2
    assert found["radius"]["released"] > 0 and found["norm"] > 0
    assert [each["certified"] for each in found["bounds"]] == [True, False]
    low, high = found["bounds"][0]["intervals"][0]
    assert low <= found["distances"][0] <= high
    assert found["weights"][0]["sha256"] == create_metric("lipsim").pretrained[0].sha256


def test_the_table_names_the_closest(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["certify", *files]) == 0
    out = capsys.readouterr().out
    assert f"closest: {files[1]}, certified for changes of the reference below l2" in out
    assert "the release would claim" in out and "certified" in out


def test_ties_are_not_certified(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["certify", files[0], files[1], files[1]]) == 0
    assert "not certified" in capsys.readouterr().out


def test_missing_files_are_refused(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert "none.pth" in failure(capsys, "certify", *files, "--trunk", "none.pth")
