"""``elpips barycenter``: the image perceptually between several images."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import tyro
from torch import Tensor

from ...geometry import BarycenterEvaluation, BarycenterProblem, high_band_ratio
from ...geometry.barycenter import Schedule, barycenter, evaluate, make_limits, make_solver
from ...geometry.barycenter_evaluation import check_draws
from ...geometry.progress import ProgressBar
from ...media.colour import Alpha
from ...media.crop import Crop
from ...media.read import read_image, read_images
from ...metrics import InputError, Precision
from ...metrics.base import image_size
from ...metrics.seeds import stream_seed
from ...optim import Callback, Solution, StopReason, minimise, start
from ..runs.barycenter import BarycenterFiles, identity_of
from ..runs.files import prepare_outdir, write_json
from ..runs.folder import exit_code, run_record
from ..runs.options import default_of, make_metric, resolve_device
from ..runs.plots import plot_objective

_INTERRUPTED_DRAWS = 8


def barycenter_command(
    images: Annotated[tuple[Path, ...], tyro.conf.Positional],
    *,
    weights: tuple[float, ...] | None = None,
    size: int | None = None,
    crop: Crop | None = default_of(read_images, "crop"),
    alpha: Alpha = default_of(read_images, "alpha"),
    steps: int = default_of(barycenter, "steps"),
    metric: str = default_of(barycenter, "metric"),
    scale_levels: int | None = None,
    init: str = default_of(barycenter, "init"),
    power: int = default_of(barycenter, "power"),
    schedule: Schedule = default_of(barycenter, "schedule"),
    draws: int = default_of(barycenter, "draws"),
    subset: int | None = default_of(barycenter, "subset"),
    tolerance: float = default_of(barycenter, "tolerance"),
    patience: int = default_of(barycenter, "patience"),
    precision: Precision = default_of(barycenter, "precision"),
    evaluation_draws: int = default_of(barycenter, "evaluation_draws"),
    snapshots: bool = True,
    seed: int = default_of(barycenter, "seed"),
    device: str = "auto",
    outdir: Path = Path("outputs/barycenter"),
    resume: bool = False,
) -> int:
    """Compute the image that minimises the summed perceptual distance to IMAGES.

    Args:
        images: Two or more image files of one size (see --size and --crop).
        weights: One non-negative number per image; equal by default.
        size: Scale the short sides to this many pixels (and crop to squares).
        crop: Keep the middle: none, center (the common size) or square.
        alpha: Composite transparency on white, ignore it, or auto: ignore it if all
            pixels are nearly opaque.
        steps: Optimiser steps in all, those of a resumed run included.
        metric: The distance to minimise.
        scale_levels: Levels of the E-LPIPS scale ensemble; by image size if not given.
        init: Start from blend (the pixel mean), noise, image (the first of largest
            weight) or an image file.
        power: 1 sums the distances, 2 their squares (as the authors' scripts).
        schedule: adaptive, or released (the authors', meant for 100,000 steps).
        draws: Random draws of the ensemble per step.
        subset: Look at this many randomly chosen images per step; all by default.
        tolerance: Stop when the gradient has fallen to this fraction of its first norm.
        patience: Stop after this many evaluations (one per 50 steps) without a new best.
        precision: Of the gradients' arithmetic: auto (bfloat16 where the processor is made
            for it), float32 or bfloat16. Results are judged in float32.
        evaluation_draws: Fresh draws for the final evaluation.
        snapshots: Save the picture at log-spaced steps.
        seed: Same seed, same numbers.
        device: auto, cpu, cuda, cuda:1, ...
        outdir: Folder for everything the run writes.
        resume: Go on from the checkpoint in OUTDIR.
    """
    arguments = dict(locals())
    began = time.perf_counter()
    if len(images) < 2:
        raise InputError(f"found {len(images)} images, expected two or more")
    limits = make_limits(steps, tolerance, patience)
    check_draws(evaluation_draws)
    folder = prepare_outdir(outdir)
    where = resolve_device(device)
    pictures = read_images(images, size=size, crop=crop, alpha=alpha).to(where)
    options = {} if scale_levels is None else {"scale_levels": scale_levels}
    problem = BarycenterProblem.of(
        pictures,
        weights,
        metric=make_metric(metric, where, **options),
        init=_read_init(init, pictures),
        power=power,
        draws=draws,
        subset=subset,
        precision=precision,
        seed=seed,
    )
    solver = make_solver(problem, schedule)
    out = BarycenterFiles(folder, identity_of(problem, schedule, init, seed), problem, solver)
    if resume:
        run = out.load(where)
    else:
        out.set_old_checkpoint_aside()
        run = start(problem, solver, problem.initial, stream_seed(seed, "optimise"))
    out.save_inputs([path.stem for path in images])
    with ProgressBar(steps, run.step, "barycenter") as bar:
        callbacks: list[Callback] = [bar, out.save_checkpoint]
        if snapshots:
            callbacks.append(out.save_snapshot)
        solution = minimise(problem, solver, run, limits, callbacks)

    interrupted = solution.result is StopReason.INTERRUPTED
    out.save_solution(solution)
    record = run_record("barycenter", arguments, problem, image_size(pictures), where, solution)
    write_json(folder / "run.json", record)
    evaluation = evaluate(
        problem, solution.value[0], _INTERRUPTED_DRAWS if interrupted else evaluation_draws, seed
    )
    record["evaluation"] = _evaluation_record(problem, solution, evaluation)
    record["seconds"]["total"] = time.perf_counter() - began
    write_json(folder / "run.json", record)
    out.save_comparison([path.stem for path in images], solution, record["evaluation"])
    plot_objective(
        folder / "objective.png",
        solution.state,
        evaluation.baseline.objective,
        evaluation.lower_bound,
    )
    print(_report(folder, solution, evaluation, record["evaluation"]))
    return exit_code(solution.result)


def _read_init(init: str, images: Tensor) -> Any:
    if init in ("blend", "noise", "image"):
        return init
    return read_image(init).to(images)


def _evaluation_record(
    problem: BarycenterProblem, solution: Solution, evaluation: BarycenterEvaluation
) -> dict[str, Any]:
    return {
        **vars(evaluation),
        "high_band_ratio": high_band_ratio(solution.value[0], problem.images, problem.weights),
        "baseline": {
            **vars(evaluation.baseline),
            "high_band_ratio": high_band_ratio(problem.mean, problem.images, problem.weights),
        },
    }


def _report(
    folder: Path,
    solution: Solution,
    evaluation: BarycenterEvaluation,
    record: Mapping[str, Any],
) -> str:
    """Return the closing table."""
    best_input = min(evaluation.inputs, key=lambda value: value.objective)
    rows = [
        ("", "objective", "+-", "detail"),
        _row("barycenter", evaluation, record["high_band_ratio"]),
        _row("pixel mean", evaluation.baseline, record["baseline"]["high_band_ratio"]),
        _row("best input", best_input, None),
        ("lower bound", f"{evaluation.lower_bound:.5f}", "", ""),
    ]
    lines = [f"{name:<12}{value:>12}{error:>10}{detail:>8}" for name, value, error, detail in rows]
    lines.append(
        f"no image is lower than the bound: excess {max(evaluation.excess, 0):.1%}, on "
        f"{evaluation.draws} fresh draws; detail is high-band energy relative to the inputs'"
    )
    if not evaluation.beats_baseline:
        lines.append(
            "NOTE: the result is above the pixel mean's objective by "
            f"{evaluation.advantage.objective:.2g} +- {evaluation.advantage.standard_error:.1g}; "
            "more --steps may help"
        )
    lines.append(
        f"{solution.result.value} (best at step {solution.step} of {solution.state.step}, "
        f"{solution.state.seconds:.0f} s)"
    )
    files = ("barycenter.png", "mean.png", "comparison.png", "objective.png", "run.json")
    lines += [str(folder / name) for name in files]
    return "\n".join(lines)


def _row(name: str, value: Any, detail: float | None) -> tuple[str, str, str, str]:
    return (
        name,
        f"{value.objective:.5f}",
        f"{value.standard_error:.5f}",
        "" if detail is None else f"{detail:.2f}",
    )
