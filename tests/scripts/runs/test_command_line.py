"""The command that repeats a run: run again, it is the same run."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from elpips.scripts.cli import main
from elpips.scripts.runs.command_line import command_line

QUICK = ["--metric", "l2", "--steps", "1", "--evaluation-draws", "3"]
PATH = [*QUICK, "--also", "none", "--frames", "3", "--animations", "gif", "--no-boomerang"]
RUNS = {
    "geodesic": [*PATH, "--rows", "3", "4", "--power", "2", "--no-coarse-to-fine"],
    "interpolate": PATH,
    "morph": [*PATH, "--loop", "--init", "blend"],
    "barycenter": [*QUICK, "--weights", "3", "1", "--no-snapshots"],
    "attack": [*QUICK, "--sigma", "0.1"],
}


def arguments_of(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "run.json").read_text())["arguments"]


@pytest.mark.parametrize("command", RUNS)
def test_it_repeats_the_run(command: str, pair, tmp_path: Path) -> None:
    kind = ["a1"] if command == "attack" else []
    first, second = tmp_path / "first", tmp_path / "second"
    assert main([command, *kind, *pair, *RUNS[command], "--outdir", str(first)]) == 0
    given = arguments_of(first)
    line = command_line(command, given)
    assert main([*shlex.split(line)[1:], "--outdir", str(second)]) == 0
    assert {**arguments_of(second), "outdir": None} == {**given, "outdir": None}


def test_what_is_as_always_is_not_said(pair, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(["geodesic", *pair, *PATH, "--outdir", str(out)]) == 0
    line = command_line("geodesic", arguments_of(out))
    assert shlex.split(line)[:4] == ["elpips", "geodesic", *pair]
    assert sorted(shlex.split(line)[4:]) == sorted(PATH)


def test_names_are_guarded_from_the_shell_and_from_options() -> None:
    arguments = {"images": ["a b.png", "-c.png", "$(d).png"], "loop": False, "outdir": "x"}
    line = command_line("morph", arguments)
    assert shlex.split(line) == ["elpips", "morph", "a b.png", "./-c.png", "$(d).png"]
