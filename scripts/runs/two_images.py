"""A path between two image files, with all that a run of it writes."""

from __future__ import annotations

import time
from pathlib import Path

from ...media.preview import PREVIEW
from .files import remove_earlier, write_json
from .folder import closing_line, run_record
from .options import flat
from .path import (
    FILES,
    MOTION,
    PathSetup,
    judge,
    save_motion,
    save_path,
    save_steps,
    solve_in,
)
from .path_report import report_path
from .report import REPORT, write_report
from .results import Results
from .seams import note_seams

_TARGETS = (
    *FILES[1:],
    *MOTION[1:],
    "steps.png",
    "run.json",
    REPORT,
    PREVIEW,
    "frames/",
    "flow/",
    "inputs/",
)


def compute_path(
    command: str, start: Path, end: Path, setup: PathSetup, mask: Path | None = None
) -> int:
    """Read two images, compute the path between them, save and judge it."""
    began = time.perf_counter()
    folder = setup.prepare([start, end, *([mask] if mask else [])], _TARGETS)
    results = Results(folder)
    ends, names = setup.read([start, end]), [start.stem, end.stem]
    note_seams(names, ends, setup.solver.tile)
    found = solve_in(
        folder,
        ends,
        setup.frames,
        setup.solver,
        metric=setup.metric.create(),
        init=setup.init,
        mask=setup.pictures.read_mask(mask, ends),
        label=command,
        names=names,
        resume=setup.resume,
        results=results,
        callbacks=setup.previews(folder, ends),
    )
    record = run_record(command, flat(start=start, end=end, mask=mask, setup=setup), found)
    results.write("run.json", lambda path: write_json(path, record))
    save_path(results, found.frames, setup.animation)
    save_motion(results, found)
    record["evaluation"] = results.compute(lambda: judge(found, setup.judgement))
    record["seconds"]["total"] = time.perf_counter() - began
    results.write("run.json", lambda path: write_json(path, record))
    results.write("steps.png", lambda path: save_steps(path, found))
    remove_earlier(folder)
    # Of what is there now, and of nothing from before.
    results.write(REPORT, lambda path: write_report(path, [folder]))
    print(report_path(record["evaluation"], solved=True))
    print(closing_line(found))
    for path in results.paths((*FILES, "steps.png", "run.json", *MOTION, REPORT)):
        print(path)
    return results.exit_code(found.stop_reason)
