"""``elpips batch``: many paths, morphs and barycenters, a row of a table each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro

from ...metrics import InputError
from ..parsing import parse
from ..runs.batch import FILE, Batch
from ..runs.hosting import places
from ..runs.jobs import make_jobs
from ..runs.manifest import Row, match_folders, read_manifest, with_defaults
from ..runs.options import resolve_device
from ..runs.outcomes import table

_INTERRUPTED = 130


def batch_command(
    source: Annotated[tuple[Path, ...], tyro.conf.Positional],
    *,
    defaults: tuple[str, ...] = (),
    jobs: int | None = None,
    devices: tuple[str, ...] = ("auto",),
    outdir: Path = Path("outputs/batch"),
) -> int:
    """Run a command for each row of a table, or for each pair of pictures of two folders.

    Columns of the table (CSV, or JSON lines by its name) are command (geodesic, the default,
    morph, barycenter, interpolate or materials), inputs or start and end, name (of the row's
    folder), and the command's options by their names. All rows are looked at before any is
    begun. Each is written to OUTDIR/NAME. Rows that are done are skipped, those that were begun
    go on, and one that fails does not stop the others.

    Args:
        source: A table; or two folders, whose pictures of one name are pairs.
        defaults: COLUMN=VALUE for the rows that do not say it, as in size=64 quality=draft.
        jobs: Rows at a time, under torchrun beside each of the ranks, which share the rows out;
            one per device, or rank, if not given.
        devices: Where rows run, in turn: auto, cpu, cuda:0, cuda:1, ...
        outdir: Folder for everything the batch writes.
    """
    named = [each for group in devices for each in group.split(",") if each] or ["auto"]
    for device in named:
        resolve_device(device)
    rows = with_defaults(_rows(source), defaults)
    arguments = {
        "source": source, "defaults": defaults, "jobs": jobs, "devices": devices, "outdir": outdir
    }  # fmt: skip
    batch = Batch.prepare(outdir, make_jobs(rows, parse), arguments)
    batch.run(places(named, jobs))
    print(table(batch.outcomes))
    counts = batch.counts
    print(", ".join(f"{count} {status}" for status, count in counts.items()))
    unfinished = batch.interrupted or counts["interrupted"]
    if unfinished:
        print("the same command goes on from here")
    print(batch.results.folder / FILE)
    if batch.interrupted:
        return _INTERRUPTED
    return int(bool(unfinished or counts["failed"] or batch.results.lost))


def _rows(source: tuple[Path, ...]) -> list[Row]:
    if len(source) == 1 and not source[0].is_dir():
        return read_manifest(source[0])
    if len(source) == 2:
        return match_folders(*source)
    found = "a folder" if len(source) == 1 else f"{len(source)} names"
    raise InputError(f"found {found}, expected a table, or two folders")
