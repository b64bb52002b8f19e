"""``elpips attack``: an image that a metric judges wrongly."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import tyro

from ...geometry import Attack, AttackOptions, attack
from ...geometry.attack_problem import AttackKind
from ...media import Cell, save_grid, save_image
from ...metrics import DEFAULT_METRIC
from ..runs.files import prepare_outdir, write_json, writes
from ..runs.folder import RunFolder, closing_line, run_record
from ..runs.options import (
    AttackArguments,
    Member,
    MetricName,
    PictureOptions,
    Pictures,
    ensemble_options,
    flat,
    make_metric,
    resolve_device,
)
from ..runs.report import REPORT, write_report
from ..runs.results import Results

_FILES = ("attack.png", "anchor.png", "comparison.png", "run.json", REPORT)


def attack_command(
    kind: Annotated[AttackKind, tyro.conf.Positional],
    source: Annotated[Path, tyro.conf.Positional],
    target: Annotated[Path | None, tyro.conf.Positional] = None,
    *,
    metric: MetricName = DEFAULT_METRIC,
    ensemble: tuple[Member, ...] | None = None,
    pictures: Pictures = PictureOptions(),
    solver: AttackArguments = AttackOptions(),
    device: str = "auto",
    outdir: Path = Path("outputs/attack"),
    resume: bool = False,
) -> int:
    """Find an image that a metric judges wrongly.

    The anchor is SOURCE with a little noise. a1: the image nearest to TARGET (without one,
    farthest from SOURCE) in pixels whose metric distance to SOURCE is at most the anchor's.
    a2: the image of largest metric distance to SOURCE whose pixels are no farther from it
    than the anchor's.

    Args:
        kind: a1 or a2.
        source: The image file that the metric compares with.
        target: The image file that a1 moves towards.
        metric: The metric to attack.
        ensemble: Members of E-LPIPS's ensemble to keep, of geometry, color, scaling and
            dropout; all by default, none if no name follows.
        pictures: How images are read.
        solver: How the attack is carried out.
        device: auto, cpu, cuda, ...
        outdir: Folder for pictures, run.json and checkpoint.
        resume: Go on from OUTDIR's checkpoint.
    """
    began = time.perf_counter()
    solver.check()
    files = [source] if target is None else [source, target]
    folder = prepare_outdir(outdir, writes((*_FILES, "inputs/"), resume), files, resume=resume)
    where = resolve_device(device)
    images = pictures.read(files).to(where)
    run = RunFolder(folder)
    found = attack(
        kind,
        images[0],
        None if target is None else images[1],
        solver,
        metric=make_metric(metric, where, **ensemble_options(ensemble)),
        run=run.begin([path.stem for path in files], images, resume=resume),
        callbacks=[run.callback()],
        progress=f"attack {kind}",
    )
    results = Results(folder)
    results.write(run.checkpoint.name, lambda _: run.save(found.solution.state))
    results.write("attack.png", lambda path: save_image(path, found.image))
    results.write("anchor.png", lambda path: save_image(path, found.anchor))
    arguments = flat(
        kind=kind, source=source, target=target, metric=metric, ensemble=ensemble,
        pictures=pictures, solver=solver, device=device, outdir=outdir, resume=resume,
    )  # fmt: skip
    record = run_record("attack", arguments, found)
    results.write("run.json", lambda path: write_json(path, record))
    each = results.compute(lambda: found.evaluation)
    record["evaluation"] = vars(each)
    record["seconds"]["total"] = time.perf_counter() - began
    results.write("run.json", lambda path: write_json(path, record))
    cells = [
        Cell(images[0], "source"),
        *([Cell(images[1], "target")] if target is not None else []),
        Cell(found.anchor, f"anchor\nL2 x 1, distance {each.level:.4f}"),
        Cell(
            found.image,
            f"{kind.upper()} on {metric}\nL2 x {each.relative_l2:.2f}, "
            f"distance {each.distance:.4f}",
        ),
    ]
    results.write("comparison.png", lambda path: save_grid(path, [cells]))
    results.remove_earlier()
    # Of what is there now, and of nothing from before.
    results.write(REPORT, lambda path: write_report(path, [folder]))
    print(_report(found))
    for path in results.paths(_FILES):
        print(path)
    return results.exit_code(found.stop_reason)


def _report(found: Attack) -> str:
    each = found.evaluation
    lines = [
        f"{'':<10}{'L2 / anchor':>12}{'distance':>12}{'+-':>10}",
        f"{'anchor':<10}{1:>12.2f}{each.level:>12.5f}{each.level_error:>10.5f}",
        f"{'attack':<10}{each.relative_l2:>12.2f}{each.distance:>12.5f}{each.distance_error:>10.5f}",
        f"distance / anchor's {each.relative_distance:.3f} +- {each.relative_distance_error:.3f}, "
        f"on {each.draws} fresh draws",
    ]
    if each.target_l2 is not None:
        lines.append(f"{each.target_l2:.1%} of the pixel difference to the target is left")
    return "\n".join([*lines, closing_line(found)])
