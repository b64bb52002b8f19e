"""Attacks of which several make a figure or a table: each is solved once and kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from ...geometry import AttackOptions, AttackProblem, attack
from ...geometry.attack_problem import AttackKind
from ...media import read_image, save_image
from ...metrics import Metric
from .result_cache import cached_results

TITLES = {
    "l2": "L2",
    "lpips_vgg": "LPIPS-VGG",
    "lpips_squeeze": "LPIPS-SQZ",
    "lpips_alex": "LPIPS-Alex",
    "rlpips_alex": "R-LPIPS-Alex",
    "elpips_vgg": "E-LPIPS-VGG",
    "elpips_squeeze_maxpool": "E-LPIPS-SQZ",
    "lipsim": "LipSim",
}
"""How figures and tables call the metrics."""


@dataclass(frozen=True)
class AttackResult:
    """An image (3, H, W) as saved, and its measures (fields of `AttackEvaluation`)."""

    image: Tensor
    evaluation: Mapping[str, Any]
    seconds: float


def solve_or_read(
    folder: Path,
    name: str,
    kind: AttackKind,
    source: Tensor,
    target: Tensor | None,
    options: AttackOptions,
    *,
    metric: Metric,
) -> AttackResult:
    """Attack, or read what an earlier call with the same images and options has kept.

    In ``NAME.png`` and ``NAME.json`` of ``folder``.

    Raises
    ------
    KeyboardInterrupt
        The attack was interrupted; those before it are kept.
    """
    picture = folder / f"{name}.png"

    def compute() -> dict[str, Any]:
        found = attack(kind, source, target, options, metric=metric, progress=name)
        if found.solution.interrupted:
            raise KeyboardInterrupt
        save_image(picture, found.image)
        return {
            "result": found.stop_reason,
            "evaluation": found.evaluation,
            "seconds": found.solution.state.seconds,
        }

    problem = AttackProblem.of(kind, source, target, options, metric=metric)
    identity = {
        **problem.identity,
        "steps": options.steps,
        "evaluation draws": options.evaluation_draws,
    }
    results = cached_results(folder / f"{name}.json", identity, compute, [picture])
    return AttackResult(read_image(picture), results["evaluation"], results["seconds"])
