"""Commands that tests run in this process."""

from __future__ import annotations

import json
from typing import Any

import pytest

from elpips.scripts.cli import main


def run_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    """Return what a command prints with ``--json`` when all is well."""
    assert main([*arguments, "--json"]) == 0
    captured = capsys.readouterr()
    assert not captured.err
    return json.loads(captured.out)


def failure(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return the one line in which a command says what is wrong."""
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert not captured.out
    assert captured.err.startswith("elpips: error: ")
    assert captured.err.count("\n") == 1
    return captured.err.removeprefix("elpips: error: ")
