"""Rows looked at by the parsers of their commands."""

from __future__ import annotations

from typing import Any

import pytest

from elpips.metrics import InputError
from elpips.scripts.parsing import parse
from elpips.scripts.runs.jobs import Job, make_jobs
from elpips.scripts.runs.manifest import Row


def jobs(*rows: dict[str, Any]) -> list[Job]:
    return make_jobs([Row(f"row {number}", row) for number, row in enumerate(rows, 1)], parse)


PAIR = {"start": "x/a.png", "end": "y/b.png"}


def test_columns_are_options_of_the_command() -> None:
    path, mean, chain = jobs(
        {**PAIR, "steps": "7", "equal-steps": "yes", "coarse-to-fine": False, "size": 32},
        {"command": "barycenter", "inputs": ["a.png", "b.png"], "weights": ["3", "1"]},
        {"command": "morph", "inputs": ["a.png", "b.png", "c.png"], "loop": True, "motion": True},
    )
    assert path.command == "geodesic" and path.inputs == ("x/a.png", "y/b.png")
    assert path.arguments["steps"] == 7 and path.arguments["size"] == 32
    assert path.arguments["equal_steps"] and not path.arguments["coarse_to_fine"]
    assert mean.arguments["weights"] == [3.0, 1.0]
    assert chain.arguments["loop"] and chain.arguments["motion"] == 1
    (still,) = jobs({**PAIR, "command": "materials", "motion": "no", "tile": False})
    assert still.arguments["motion"] is None and still.arguments["tile"] == "none"


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ({"stepz": "5"}, "row 2, column stepz: .*--stepz"),
        ({"steps": "many"}, "row 2, column steps: "),
        ({"steps": "-5"}, "row 2, column steps: steps: found -5"),
        ({"quality": "fair"}, "row 2, column quality: .*'fair'"),
        ({"residual-draws": "1"}, "row 2, column residual-draws: "),
        ({"metric": "lpips"}, "row 2, column metric: "),
        ({"also": "nothing"}, "row 2, column also: "),
        ({"outdir": "x"}, "row 2, column outdir: is the batch's own"),
        ({"resume": "yes"}, "row 2, column resume: "),
        ({"init": "--help"}, "row 2, column init: .*dash"),
        ({"command": "distance"}, "row 2, column command: "),
        ({"inputs": ["c.png"]}, "row 2, column inputs: .*not both"),
        ({"start": "", "end": None}, "row 2, column inputs: found none"),
        ({"end": ""}, "row 2, column inputs: "),
        ({"name": "../x"}, "row 2, column name: "),
        ({"name": "logs"}, "row 2, column name: "),
        ({"name": "First"}, "row 2, column name: .*row 1"),
    ],
)
def test_row_and_column_are_named(bad: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        jobs({**PAIR, "name": "first"}, {**PAIR, "size": 32, **bad})


def test_all_rows_are_looked_at(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(InputError, match=r"row 3.*nothing was begun"):
        jobs({**PAIR, "sizes": 3}, PAIR, {**PAIR, "steps": "x"})
    assert "row 1, column sizes" in caplog.text


def test_names_are_made_of_the_inputs_and_differ() -> None:
    many = {"command": "barycenter", "inputs": [f"{each}.png" for each in "abcde"]}
    same = {"start": "x/a.png", "end": "y/a.png"}
    found = jobs(PAIR, PAIR, {**PAIR, "name": "A-B-2"}, many, same, {"start": "x/..a.png", **PAIR})
    assert [job.name for job in found] == ["a-b", "a-b-3", "A-B-2", "a-b-c-2-more", "a", "a-b-4"]


def test_inputs_that_begin_with_a_dash_are_no_options() -> None:
    (job,) = jobs({"start": "--resume", "end": "b.png"})
    assert job.inputs[0] == "./--resume" and not job.arguments["resume"]


def test_a_folder_of_keys_stands_for_its_pictures(folder) -> None:
    (job,) = jobs({"command": "morph", "inputs": [str(folder)]})
    assert job.inputs == tuple(str(folder / f"{each}.png") for each in "abc")
    assert job.arguments["images"] == list(job.inputs)
