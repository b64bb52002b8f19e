"""Attacks of which several make a figure or a table: each is solved once and kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from ...geometry.attack_problem import AttackKind, AttackProblem
from ...geometry.attacks import attack_limits, evaluate_attack
from ...geometry.progress import ProgressBar
from ...media.read import read_image
from ...media.write import save_image
from ...metrics import Metric, Precision
from ...metrics.seeds import stream_seed
from ...optim import StopReason, minimise, start
from .folder import digest, metric_identity
from .result_cache import kept

TITLES = {
    "l2": "L2",
    "lpips_vgg": "LPIPS-VGG",
    "lpips_squeeze": "LPIPS-SQZ",
    "lpips_alex": "LPIPS-Alex",
    "elpips_vgg": "E-LPIPS-VGG",
    "elpips_squeeze_maxpool": "E-LPIPS-SQZ",
}
"""How figures and tables call the metrics."""


@dataclass(frozen=True)
class AttackSettings:
    """All that an attack depends on but metric and images; as for `geometry.attack`."""

    kind: AttackKind
    sigma: float
    steps: int | None
    precision: Precision
    seed: int
    evaluation_draws: int


@dataclass(frozen=True)
class AttackResult:
    """An image (3, H, W) as saved, and its measures (fields of `AttackEvaluation`)."""

    image: Tensor
    evaluation: Mapping[str, Any]
    seconds: float


def solve_or_read(
    folder: Path,
    name: str,
    source: Tensor,
    target: Tensor | None,
    metric: Metric,
    settings: AttackSettings,
) -> AttackResult:
    """Attack, or read what an earlier call with the same images and settings has kept.

    In ``NAME.png`` and ``NAME.json`` of ``folder``.

    Raises
    ------
    KeyboardInterrupt
        The attack was interrupted; those before it are kept.
    """
    problem = AttackProblem.of(
        settings.kind,
        source,
        target,
        metric=metric,
        sigma=settings.sigma,
        precision=settings.precision,
        seed=settings.seed,
    )
    picture = folder / f"{name}.png"

    def compute() -> dict[str, Any]:
        limits, solver = attack_limits(settings.kind, settings.steps), problem.solver()
        run = start(problem, solver, problem.anchor, stream_seed(settings.seed, "optimise"))
        with ProgressBar(limits.steps, 0, name) as bar:
            solution = minimise(problem, solver, run, limits, [bar])
        if solution.result is StopReason.INTERRUPTED:
            raise KeyboardInterrupt
        image = problem.tighten(solution.value)
        evaluation = evaluate_attack(problem, image, settings.evaluation_draws, settings.seed)
        save_image(picture, image[0])
        return {
            "result": solution.result,
            "evaluation": evaluation,
            "seconds": solution.state.seconds,
        }

    identity = attack_identity(problem, settings)
    results = kept(folder / f"{name}.json", identity, compute, [picture])
    return AttackResult(read_image(picture), results["evaluation"], results["seconds"])


def attack_identity(problem: AttackProblem, settings: AttackSettings) -> dict[str, Any]:
    """Return what must agree for an attack to be the same."""
    return {
        **vars(settings),
        "source": digest(problem.source),
        "target": None if problem.target is None else digest(problem.target),
        **metric_identity(problem),
    }
