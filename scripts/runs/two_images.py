"""A path between two image files, with all that a run of it writes."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...geometry import Geodesic, geodesic
from ...media.preview import PREVIEW
from .files import write_json
from .folder import closing_line, run_record
from .options import flat
from .path import FILES, MOTION, RENEWED, judge, save_motion, save_path, save_steps, solve_in
from .path_report import report_path
from .path_setup import PathSetup
from .report import REPORT, write_report
from .results import Results
from .seams import note_seams

logger = logging.getLogger("elpips")

_TARGETS = (*RENEWED, "steps.png", "run.json", REPORT, PREVIEW, "inputs/")


@dataclass(frozen=True)
class Besides:
    """What a command that computes a path does beside it.

    Attributes
    ----------
    arguments
        The command's, as of run.json.
    inputs
        Files that it reads, which are not written over.
    targets
        Names of what it writes.
    save
        Writes it; returns what is added to run.json.
    """

    arguments: Mapping[str, Any]
    inputs: Sequence[Path] = ()
    targets: Sequence[str] = ()
    save: Callable[[Results, Geodesic], Mapping[str, Any]] = lambda results, found: {}


def compute_path(
    command: str,
    start: Path,
    end: Path,
    setup: PathSetup,
    mask: Path | None = None,
    besides: Besides | None = None,
    *,
    solve: Callable[..., Geodesic] = geodesic,
) -> int:
    """Read two images, compute the path between them, save and judge it.

    ``solve`` is `geodesic` or `interpolate`; where the latter holds two scenes, that is said.
    """
    began = time.perf_counter()
    besides = besides or Besides({"start": start, "end": end, "mask": mask, "setup": setup})
    inputs = [start, end, *([mask] if mask else []), *besides.inputs]
    folder = setup.prepare(inputs, (*_TARGETS, *besides.targets))
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
        solve=solve,
    )
    held = setup.init == "flow" and found.problem.init == "nearest"
    if held:
        logger.warning(
            "%s and %s are of two scenes: the nearer in time is held; --init crisp blends them",
            start,
            end,
        )
    record = run_record(command, flat(**besides.arguments), found)
    results.write("run.json", lambda path: write_json(path, record))
    save_path(results, found.frames, setup.animation)
    record |= besides.save(results, found)
    save_motion(results, found)
    record["evaluation"] = results.compute(lambda: judge(found, setup.judgement))
    record["evaluation"]["held"] = held
    record["seconds"]["total"] = time.perf_counter() - began
    results.write("run.json", lambda path: write_json(path, record))
    results.write("steps.png", lambda path: save_steps(path, found))
    results.remove_earlier((*RENEWED, *besides.targets))
    # Of what is there now, and of nothing from before.
    results.write(REPORT, lambda path: write_report(path, [folder]))
    print(report_path(record["evaluation"], solved=True))
    print(closing_line(found))
    more = [name.rstrip("/") for name in besides.targets]
    for path in results.paths((*FILES, *more, "steps.png", "run.json", *MOTION, REPORT)):
        print(path)
    return results.exit_code(found.stop_reason)
