"""The command that repeats a run: parsed again, it is called with the same."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from elpips.scripts.cli import main
from elpips.scripts.parsing import completed, parse
from elpips.scripts.runs.command_line import command_line
from elpips.scripts.runs.files import plain
from elpips.scripts.runs.options import flat

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
    out = tmp_path / "out"
    assert main([command, *kind, *pair, *RUNS[command], "--outdir", str(out)]) == 0
    given = arguments_of(out)
    again = parsed(command, shlex.split(command_line(command, given))[2:])
    # Two of barycenter's have other names in the code.
    names = {"snapshots": "keep_snapshots", "preview": "show_preview"}
    again = {**{name: again.get(other) for name, other in names.items()}, **again}
    left = {name: value for name, value in given.items() if again.get(name) != value}
    assert left == {"outdir": str(out)}


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("materials", ["oak", "ash"]),
        ("materials", ["oak", "ash", "--no-motion", "--kind", "a.png=skip", "b.png=base"]),
        ("interpolate", ["clip"]),
        ("interpolate", ["clip", "--factor", "4", "--no-sound", "--source-fps", "8", "--tile"]),
        ("interpolate", ["a.png", "b.png", "--init", "crisp"]),
        ("attack", ["a2", "a.png", "--ensemble", "--size", "32"]),
    ],
)
def test_it_gives_what_was_given(command: str, arguments: list[str]) -> None:
    given = parsed(command, arguments)
    words = shlex.split(command_line(command, given))[2:]
    assert parsed(command, words) == given
    assert len(words) <= len(completed(arguments))


def parsed(command: str, arguments: list[str]) -> dict[str, Any]:
    return plain(flat(**parse(command, arguments)))


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
