"""``elpips open``: a run's report in the browser."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import Annotated

import tyro

from ...metrics import InputError
from ..runs.report import REPORT


def open_command(run: Annotated[Path, tyro.conf.Positional]) -> int:
    """Open the report of a run in the browser, or say where it is if there is none.

    Args:
        run: The folder of a run, or a report.
    """
    path = run / REPORT if run.is_dir() else run
    if not path.is_file():
        advice = f"; elpips report {run} makes one" if run.is_dir() else ""
        raise InputError(f"{path}: no such file{advice}")
    if webbrowser.open(path.resolve().as_uri()):
        print(path)
    else:
        print(f"no browser was found here; the page is {path.resolve()}")
    return 0
