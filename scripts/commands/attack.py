"""``elpips attack``: an image that a metric judges wrongly."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import tyro

from ...geometry import AttackEvaluation, AttackProblem, attack
from ...geometry.attack_problem import AttackKind
from ...geometry.attacks import attack_limits, evaluate_attack
from ...geometry.barycenter_evaluation import check_draws
from ...geometry.progress import ProgressBar
from ...media.colour import Alpha
from ...media.crop import Crop
from ...media.grid import Cell, save_grid
from ...media.read import read_images
from ...media.write import save_image
from ...metrics import Precision
from ...metrics.base import image_size
from ...metrics.seeds import stream_seed
from ...optim import Solution, StopReason, minimise, start
from ..runs.attack import AttackSettings, attack_identity
from ..runs.files import prepare_outdir, write_json
from ..runs.folder import RunFolder, exit_code, run_record
from ..runs.options import (
    Member,
    MetricName,
    default_of,
    ensemble_options,
    make_metric,
    resolve_device,
)

_INTERRUPTED_DRAWS = 8


def attack_command(
    kind: Annotated[AttackKind, tyro.conf.Positional],
    source: Annotated[Path, tyro.conf.Positional],
    target: Annotated[Path | None, tyro.conf.Positional] = None,
    *,
    metric: MetricName = default_of(attack, "metric"),
    ensemble: tuple[Member, ...] | None = None,
    size: int | None = None,
    crop: Crop | None = default_of(read_images, "crop"),
    alpha: Alpha = default_of(read_images, "alpha"),
    sigma: float = default_of(attack, "sigma"),
    steps: int | None = default_of(attack, "steps"),
    precision: Precision = default_of(attack, "precision"),
    evaluation_draws: int = default_of(attack, "evaluation_draws"),
    seed: int = default_of(attack, "seed"),
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
        size: Scale the short sides to this many pixels (and crop to squares).
        crop: Keep the middle: none, center (the common size) or square.
        alpha: Composite transparency on white, ignore it, or auto.
        sigma: Standard deviation of the anchor's noise.
        steps: Optimiser steps in all, those of a resumed run included; 300 for a1 and 100
            for a2 by default.
        precision: Of the gradients' arithmetic: auto, float32 or bfloat16.
        evaluation_draws: Fresh draws for the final evaluation.
        seed: Same seed, same numbers.
        device: auto, cpu, cuda, ...
        outdir: Folder for pictures, run.json and checkpoint.
        resume: Go on from OUTDIR's checkpoint.
    """
    arguments, began = dict(locals()), time.perf_counter()
    check_draws(evaluation_draws)
    limits = attack_limits(kind, steps)
    folder = prepare_outdir(outdir)
    where = resolve_device(device)
    files = [source] if target is None else [source, target]
    images = read_images(files, size=size, crop=crop, alpha=alpha).to(where)
    problem = AttackProblem.of(
        kind,
        images[0],
        None if target is None else images[1],
        metric=make_metric(metric, where, **ensemble_options(ensemble)),
        sigma=sigma,
        precision=precision,
        seed=seed,
    )
    solver = problem.solver()
    # A resumed run may be judged on other draws, and go on for more steps.
    settings = AttackSettings(kind, sigma, None, precision, seed, 0)
    out = RunFolder(folder, attack_identity(problem, settings))
    if resume:
        run = out.load(where)
    else:
        out.set_old_checkpoint_aside()
        run = start(problem, solver, problem.anchor, stream_seed(seed, "optimise"))
    with ProgressBar(limits.steps, run.step, f"attack {kind}") as bar:
        solution = minimise(problem, solver, run, limits, [bar, out.save_checkpoint])
    out.save_state(solution.state)
    image = problem.tighten(solution.value)
    save_image(folder / "attack.png", image[0])
    save_image(folder / "anchor.png", problem.anchor[0])
    record = run_record("attack", arguments, problem, image_size(images), where, solution)
    write_json(folder / "run.json", record)
    interrupted = solution.result is StopReason.INTERRUPTED
    draws = _INTERRUPTED_DRAWS if interrupted else evaluation_draws
    evaluation = evaluate_attack(problem, image, draws, seed)
    record["evaluation"] = vars(evaluation)
    record["seconds"]["total"] = time.perf_counter() - began
    write_json(folder / "run.json", record)
    cells = [
        Cell(images[0], "source"),
        *([Cell(images[1], "target")] if target is not None else []),
        Cell(problem.anchor[0], f"anchor\nL2 x 1, distance {evaluation.level:.4f}"),
        Cell(
            image[0],
            f"{kind.upper()} on {metric}\nL2 x {evaluation.relative_l2:.2f}, "
            f"distance {evaluation.distance:.4f}",
        ),
    ]
    save_grid(folder / "comparison.png", [cells])
    print(_report(folder, solution, evaluation))
    return exit_code(solution.result)


def _report(folder: Path, solution: Solution, evaluation: AttackEvaluation) -> str:
    each = evaluation
    lines = [
        f"{'':<10}{'L2 / anchor':>12}{'distance':>12}{'+-':>10}",
        f"{'anchor':<10}{1:>12.2f}{each.level:>12.5f}{each.level_error:>10.5f}",
        f"{'attack':<10}{each.relative_l2:>12.2f}{each.distance:>12.5f}{each.distance_error:>10.5f}",
        f"distance / anchor's {each.relative_distance:.3f} +- {each.relative_distance_error:.3f}, "
        f"on {each.draws} fresh draws",
    ]
    if each.target_l2 is not None:
        lines.append(f"{each.target_l2:.1%} of the pixel difference to the target is left")
    lines.append(
        f"{solution.result.value} (best at step {solution.step} of {solution.state.step}, "
        f"{solution.state.seconds:.0f} s)"
    )
    files = ("attack.png", "anchor.png", "comparison.png", "run.json")
    return "\n".join([*lines, *(str(folder / name) for name in files)])
