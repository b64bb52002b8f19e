"""Tables and JSON as they are printed."""

from __future__ import annotations

import json
from pathlib import Path

import torch

from elpips.scripts.runs.tables import format_table, print_json


def test_tables_are_aligned() -> None:
    assert format_table([("a", "bb", ""), ("ccc", "d", "")], "<><") == "a    bb\nccc   d"


def test_json_knows_tensors_paths_and_what_is_not_finite(capsys) -> None:
    print_json({"a": torch.tensor([1.0, 2.0]), "b": Path("c"), "d": float("nan"), "e": (1,)})
    expected = {"a": [1.0, 2.0], "b": "c", "d": None, "e": [1]}
    assert json.loads(capsys.readouterr().out) == expected
