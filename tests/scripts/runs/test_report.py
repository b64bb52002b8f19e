"""What a report holds of runs, and of folders that are none."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from elpips.metrics import InputError
from elpips.scripts.cli import main
from elpips.scripts.runs.report import write_report

QUICK = ["--metric", "l2", "--steps", "2"]
PATH = [*QUICK, "--also", "none", "--frames", "5", "--animations", "gif"]


def content_of(page: Path) -> dict[str, Any]:
    text = re.search(r'id="content">(.*?)</script>', page.read_text("utf-8"), re.S)
    assert text
    return json.loads(text[1])


@pytest.fixture
def run(pair, tmp_path: Path) -> Path:
    out = tmp_path / "out"
    assert main(["geodesic", *pair, *PATH, "--rows", "3", "--outdir", str(out)]) == 0
    return out


def test_a_path_has_its_frames_beside_the_cross_fade(run: Path) -> None:
    (found,) = content_of(run / "report.html")["runs"]
    path, fade = found["sources"]
    assert path["name"] == "geodesic" and len(path["pictures"]) == path["total"] == 5
    assert fade["name"] == "cross-fade" and fade["pictures"] == [] and fade["fade"] == [[0, 4, 4]]
    assert found["title"] == "first to second" and found["row"] == 3 and found["period"] == 200
    assert found["command"].startswith("elpips geodesic ")
    assert [name for name, _ in found["facts"]] == ["Run", "Options", "Environment"]


def test_it_is_made_again_of_the_folder_alone(run: Path, tmp_path: Path) -> None:
    moved = shutil.copytree(run, tmp_path / "elsewhere" / "out")
    shutil.rmtree(run)
    write_report(moved / "again.html", [moved])
    assert (moved / "again.html").read_bytes() == (moved / "report.html").read_bytes()


@pytest.mark.parametrize("form", ["png16", "tiff", "exr"])
def test_frames_of_other_kinds_are_shown(form: str, pair, tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = ["geodesic", *pair, *PATH, "--frame-format", form, "--outdir", str(out)]
    assert main(arguments) == 0
    assert len(content_of(out / "report.html")["runs"][0]["sources"][0]["pictures"]) == 5


def test_flat_pictures_have_a_report(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        Image.new("RGB", (20, 20), (90, 90, 90)).save(tmp_path / name)
    pair = [str(tmp_path / name) for name in ("a.png", "b.png")]
    for command, options in (("geodesic", PATH), ("morph", PATH), ("barycenter", QUICK)):
        out = tmp_path / command
        assert main([command, *pair, *options, "--outdir", str(out)]) == 0
        assert content_of(out / "report.html")["title"]


def test_a_circle_ends_where_it_begins(pair, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(["morph", *pair, *PATH, "--loop", "--outdir", str(out)]) == 0
    (found,) = content_of(out / "report.html")["runs"]
    assert found["sources"][0]["total"] == 8
    assert found["sources"][1]["fade"] == [[0, 4, 4], [4, 8, 0]]
    assert found["loop"] and not found["boomerang"]


def test_a_barycenter_has_its_steps_its_mean_and_inputs(pair, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(["barycenter", *pair, *QUICK, "--init", "noise", "--outdir", str(out)]) == 0
    (found,) = content_of(out / "report.html")["runs"]
    assert [each["name"] for each in found["sources"]] == [
        "barycenter",
        "pixel mean",
        "first",
        "second",
    ]
    assert found["steps"] == [1, 2] and found["sources"][0]["labels"] == ["step 1", "step 2"]


def test_an_attack_is_beside_its_source(pair, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(["attack", "a1", *pair, *QUICK, "--outdir", str(out)]) == 0
    (found,) = content_of(out / "report.html")["runs"]
    names = [each["name"] for each in found["sources"]]
    assert names == ["attack", "first", "anchor", "second"]


def test_footage_is_beside_its_source_held(tmp_path: Path) -> None:
    clip, out = tmp_path / "clip", tmp_path / "out"
    clip.mkdir()
    rng = np.random.default_rng(0)
    for index in range(3):
        pixels = rng.integers(0, 256, (24, 24, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(clip / f"{index}.png")
    arguments = ["interpolate", str(clip), "--factor", "4", *QUICK]
    assert main([*arguments, "--outdir", str(out)]) == 0
    (found,) = content_of(out / "report.html")["runs"]
    result, held = found["sources"]
    assert held["held"] == [4 * (index // 4) for index in range(result["total"])]
    assert found["period"] == pytest.approx(1000 / 96) and found["charts"] == []


def test_runs_of_one_name_are_told_apart(run: Path, tmp_path: Path) -> None:
    other = shutil.copytree(run, tmp_path / "other" / "out")
    write_report(tmp_path / "both.html", [run, other])
    found = content_of(tmp_path / "both.html")
    assert [each["name"] for each in found["runs"]] == ["out (1)", "out (2)"]


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (None, "holds no run.json"),
        ("[1", "is no JSON"),
        ("[1]", "is a run of None, of which there is no report"),
        ('{"command": "evaluate"}', "is a run of 'evaluate'"),
        ('{"command": "geodesic"}', "is no record of a run as expected"),
        ('{"command": "attack", "arguments": 3}', "is no record of a run as expected"),
    ],
)
def test_what_is_no_run_is_said_in_a_line(record: str | None, message: str, run: Path) -> None:
    (run / "run.json").unlink()
    if record is not None:
        (run / "run.json").write_text(record)
    with pytest.raises(InputError, match=re.escape(message)) as error:
        write_report(run / "again.html", [run])
    assert "\n" not in str(error.value)
