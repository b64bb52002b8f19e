"""``elpips barycenter``: the image perceptually between several images."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, get_args

import tyro
from torch import Tensor

from ...geometry import Barycenter, BarycenterOptions, barycenter
from ...geometry.barycenter_problem import Init
from ...media import read_image, save_image, write_figure
from ...media.preview import PREVIEW, preview
from ...metrics import InputError
from ..runs.barycenter import barycenter_notes, evaluation_record, save_comparison, snapshots
from ..runs.files import plain, prepare_outdir, write_json, writes
from ..runs.folder import RunFolder, closing_line, run_record
from ..runs.options import (
    BarycenterArguments,
    MetricOptions,
    PictureOptions,
    Pictures,
    TheMetric,
    alpha_of,
    flat,
)
from ..runs.path_report import shown
from ..runs.plots import plot_barycenter
from ..runs.report import REPORT, write_report
from ..runs.results import Results
from ..runs.seams import note_seams, seams_line

_FILES = ("barycenter.png", "mean.png", "comparison.png", "objective.png", "run.json", REPORT)
_TARGETS = (*_FILES, PREVIEW, "inputs/", "snapshots/")


def barycenter_command(
    images: Annotated[tuple[Path, ...], tyro.conf.Positional],
    *,
    weights: tuple[float, ...] | None = None,
    init: str = "blend",
    mask: Path | None = None,
    pictures: Pictures = PictureOptions(),
    metric: TheMetric = MetricOptions(),
    solver: BarycenterArguments = BarycenterOptions(),
    keep_snapshots: Annotated[bool, tyro.conf.arg(name="snapshots")] = True,
    show_preview: Annotated[bool, tyro.conf.arg(name="preview")] = False,
    outdir: Path = Path("outputs/barycenter"),
    resume: bool = False,
) -> int:
    """Compute the image that minimises the summed perceptual distance to IMAGES.

    Args:
        images: Two or more image files of one size (see --size and --crop).
        weights: One non-negative number per image; equal by default.
        init: Start from blend (the pixel mean), objects (the images moved so that their
            objects meet), texture (noise with the inputs' local contrast and what they
            share), noise, image (the first of largest weight) or an image file.
        mask: A grey picture of the images' size: what is white is free to change, what is
            black stays exactly as the start has it, grey takes smaller steps.
        pictures: How images are read.
        metric: Which distance.
        solver: How the image is computed.
        keep_snapshots: Save the picture at log-spaced steps.
        show_preview: Keep a strip of the inputs and the image so far in preview.png.
        outdir: Folder for everything the run writes.
        resume: Go on from the checkpoint in OUTDIR.
    """
    began = time.perf_counter()
    if len(images) < 2:
        raise InputError(f"found {len(images)} images, expected two or more")
    solver.check()
    names = [path.stem for path in images]
    others: list[str | Path] = [] if init in get_args(Init) else [init]
    others += [mask] if mask else []
    folder = prepare_outdir(outdir, writes(_TARGETS, resume), [*images, *others], resume=resume)
    inputs = pictures.read(images, keep=True).to(metric.where)
    note_seams(names, inputs, solver.tile)
    run = RunFolder(folder)
    found = barycenter(
        inputs,
        weights,
        solver,
        metric=metric.create(),
        init=_read_init(init, inputs),
        mask=pictures.read_mask(mask, inputs),
        run=run.begin(names, inputs, resume=resume),
        callbacks=[
            run.callback(),
            *([snapshots(folder / "snapshots")] if keep_snapshots else []),
            *([preview(folder / PREVIEW, inputs)] if show_preview else []),
        ],
        progress="barycenter",
    )
    results = Results(folder)
    results.write(run.checkpoint.name, lambda _: run.save(found.solution.state))
    results.write("barycenter.png", lambda path: save_image(path, found.image))
    results.write("mean.png", lambda path: save_image(path, found.problem.mean))
    arguments = flat(
        images=images, weights=weights, init=init, mask=mask, pictures=pictures, metric=metric,
        solver=solver, snapshots=keep_snapshots, preview=show_preview, outdir=outdir, resume=resume,
    )  # fmt: skip
    record = run_record("barycenter", arguments, found)
    results.write("run.json", lambda path: write_json(path, record))
    record["evaluation"] = results.compute(lambda: evaluation_record(found))
    record["seconds"]["total"] = time.perf_counter() - began
    results.write("run.json", lambda path: write_json(path, record))
    results.write(
        "comparison.png", lambda path: save_comparison(path, names, found, record["evaluation"])
    )
    results.write("objective.png", lambda path: write_figure(path, plot_barycenter(found)))
    results.remove_earlier()
    # Of what is there now, and of nothing from before.
    results.write(REPORT, lambda path: write_report(path, [folder]))
    print(_report(found, record["evaluation"]))
    for path in results.paths(_FILES):
        print(path)
    return results.exit_code(found.stop_reason)


def _read_init(init: str, images: Tensor) -> Any:
    if init in get_args(Init):
        return init
    return read_image(init, alpha=alpha_of(images)).to(images)


def _report(found: Barycenter, record: Mapping[str, Any]) -> str:
    """Return the closing table."""
    evaluation = found.evaluation
    best_input = min(evaluation.inputs, key=lambda value: value.objective)
    rows = [
        ("", "objective", "+-", "detail", "overlay"),
        _row("barycenter", evaluation, record),
        _row("pixel mean", evaluation.baseline, record["baseline"]),
        _row("best input", best_input, None),
        ("lower bound", f"{evaluation.lower_bound:.5f}", "", "", ""),
    ]
    lines = [
        f"{name:<12}{value:>12}{error:>10}{detail:>8}{overlay:>9}"
        for name, value, error, detail, overlay in rows
    ]
    lines.append(
        f"no image is lower than the bound: excess {shown(max(evaluation.excess, 0.0), '.1%')}, on "
        f"{evaluation.draws} fresh draws; detail is high-band energy relative to the inputs'; "
        "overlay the share of it that is a mix of theirs (by chance "
        f"{record['overlay_by_chance']:.2f})"
    )
    lines += [f"NOTE: {note}" for note in barycenter_notes(plain(record))]
    return "\n".join([*lines, *seams_line([record]), closing_line(found)])


def _row(
    name: str, value: Any, appearance: Mapping[str, Any] | None
) -> tuple[str, str, str, str, str]:
    looks = (
        ("", "")
        if appearance is None
        else (f"{appearance['high_band_ratio']:.2f}", f"{appearance['overlay']:.2f}")
    )
    return name, f"{value.objective:.5f}", f"{value.standard_error:.5f}", *looks
