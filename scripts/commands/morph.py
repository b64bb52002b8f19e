"""``elpips morph``: a chain of geodesics through key images."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import torch
import tyro

from ...geometry import Geodesic, morph
from ...media import list_images
from ...media.preview import PREVIEW
from ...metrics import InputError
from ..runs.files import prepare_outdir, write_json
from ..runs.folder import RunFolder, run_record
from ..runs.options import flat
from ..runs.path import FILES, judge, read_init, save_motion, save_path
from ..runs.path_report import shown
from ..runs.path_setup import PathArguments, PathSetup
from ..runs.report import REPORT, write_report
from ..runs.results import Results
from ..runs.seams import note_seams, seams_line

logger = logging.getLogger("elpips")

_RENEWED = (*FILES[1:], "frames/")
_TARGETS = (*_RENEWED, "run.json", REPORT, PREVIEW, "segments/")
_SETUP = PathSetup(outdir=Path("outputs/morph"))


def morph_command(
    images: Annotated[tuple[Path, ...], tyro.conf.Positional],
    *,
    loop: bool = False,
    mask: Path | None = None,
    setup: PathArguments = _SETUP,
) -> int:
    """Morph through key IMAGES: one animation of the geodesics from each to the next.

    Frames are shared out by perceptual distance, so that the morph goes at one speed.

    Args:
        images: Two or more image files of one size (see --size and --crop), or folders of such.
        loop: Go on from the last image to the first, and play in a circle.
        mask: A grey picture of the images' size: what is white is free to change, what is
            black stays exactly as the path it starts from has it, grey takes smaller steps.
        setup: How; frames are those per pair on average.
    """
    began = time.perf_counter()
    images = tuple(
        key for path in images for key in (list_images(path) if path.is_dir() else [path])
    )
    if len(images) < 2:
        raise InputError(f"found {len(images)} images, expected two or more")
    folder = setup.prepare([*images, *([mask] if mask else [])], _TARGETS)
    keys = setup.read(images)
    names = [path.stem for path in images]
    note_seams(names, keys, setup.solver.tile)
    pairs = list(pairwise([*names, names[0]] if loop else names))
    parts = [
        RunFolder(prepare_outdir(folder / "segments" / f"{index:02d}"))
        for index in range(len(pairs))
    ]
    begun = sum(part.has_checkpoint for part in parts)
    runs = [
        part.begin(
            pair,
            keys[[index, (index + 1) % len(keys)]],
            # Pairs that were not begun have none; where no pair has, the first says so.
            resume=setup.resume and (part.has_checkpoint or index == begun == 0),
        )
        for index, (part, pair) in enumerate(zip(parts, pairs, strict=True))
    ]
    found = morph(
        keys,
        setup.frames,
        setup.solver,
        loop=loop,
        metric=setup.metric.create(),
        init=read_init(setup.init, keys),
        mask=setup.pictures.read_mask(mask, keys),
        runs=runs,
        callbacks=lambda pair: [
            parts[pair].callback(),
            *setup.previews(folder, keys[[pair, (pair + 1) % len(keys)]]),
        ],
        progress=[
            f"{start} to {end} ({index + 1} of {len(pairs)})"
            for index, (start, end) in enumerate(pairs)
        ],
    )
    results = Results(folder)
    for part in parts:
        # Those that an interrupted run has not come to, too.
        part.establish()
    for part, segment in zip(parts, found.segments, strict=False):
        place = Results(part.folder, lost=results.lost)
        place.write(part.checkpoint.name, partial(_save, part, segment))
        save_motion(place, segment)
    if found.interrupted:
        stopped = len(found.segments)
        logger.warning("stopped in pair %d of %d; --resume goes on", stopped, len(pairs))
    shown = setup.animation
    save_path(results, found.frames, replace(shown, boomerang=shown.boomerang and not found.closed))
    last = found.segments[-1]
    record = run_record("morph", flat(images=images, loop=loop, mask=mask, setup=setup), last)
    segments = results.compute(lambda: [judge(each, setup.judgement) for each in found.segments])
    record["objective"] = [each.solution.state.evaluations for each in found.segments]
    record["seconds"] = {"total": time.perf_counter() - began}
    record["evaluation"] = {
        "segments": segments,
        "transitions": found.transitions,
        "uniformity_cv": _variation(segments),
        "baseline": {"uniformity_cv": _variation([each["baseline"] for each in segments])},
    }
    results.write("run.json", lambda path: write_json(path, record))
    results.remove_earlier(_RENEWED)
    # Of what is there now, and of nothing from before.
    results.write(REPORT, lambda path: write_report(path, [folder]))
    print(_report(pairs, record["evaluation"]))
    for path in results.paths((*FILES, "run.json", REPORT)):
        print(path)
    return results.exit_code(last.stop_reason)


def _save(part: RunFolder, segment: Geodesic, path: Path) -> None:
    """Save the checkpoint of a pair; ``path`` is where it knows it to be."""
    del path
    part.save(segment.solution.state)


def _variation(segments: Sequence[dict[str, Any]]) -> float:
    """Return the coefficient of variation of all steps."""
    steps = [step for segment in segments for step in segment["steps"]]
    values = torch.tensor(steps, dtype=torch.float64)
    return float(values.std(unbiased=False) / values.mean())


def _report(pairs: Sequence[tuple[str, str]], evaluation: dict[str, Any]) -> str:
    lines = [f"{'pair':<32}{'steps':>6}{'energy':>10}{'fade':>10}{'excess':>9}{'detail':>8}"]
    counts, segments = evaluation["transitions"], evaluation["segments"]
    for pair, count, part in zip(pairs, counts, segments, strict=False):
        lines.append(
            f"{' to '.join(pair)[:31]:<32}{count:>6}{part['energy']:>10.4f}"
            f"{part['baseline']['energy']:>10.4f}{shown(max(part['excess'], 0.0), '.1%'):>9}"
            f"{shown(part['high_band_ratio'], '.2f'):>8}"
        )
    lines.append(
        f"variation of all steps {evaluation['uniformity_cv']:.3f} "
        f"(cross-fades {evaluation['baseline']['uniformity_cv']:.3f})"
    )
    return "\n".join([*lines, *seams_line(segments)])
