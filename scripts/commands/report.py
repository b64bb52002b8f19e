"""``elpips report``: the page that shows a run, made again, or runs beside each other."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro

from ...metrics import InputError
from ..runs.files import prepare_outdir
from ..runs.report import REPORT, write_report


def report_command(
    runs: Annotated[tuple[Path, ...], tyro.conf.Positional],
    *,
    output: Path | None = None,
) -> int:
    """Make the report of a run again, or one page of several runs beside each other.

    A page is one HTML file, which needs no network and no other file.

    Args:
        runs: Folders of runs: of geodesic, morph, interpolate, barycenter or attack.
        output: The page; report.html in the folder of a single run, else of this folder.
    """
    if not runs:
        raise InputError("found no runs, expected the folder of one or more")
    if output is None:
        output = (runs[0] if len(runs) == 1 else Path()) / REPORT
    for folder in runs:
        if not folder.is_dir():
            raise InputError(f"{folder}: no such folder; expected the folder of a run")
    if output.suffix.lower() != ".html":
        raise InputError(f"output: found {output}, expected a name that ends in .html")
    prepare_outdir(output.parent, [output.name])
    write_report(output, runs)
    print(output)
    return 0
