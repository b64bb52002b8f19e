"""Attacks of which several make a figure or a table: each is solved once and kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ...geometry import AttackOptions, AttackProblem, attack
from ...geometry.attack_problem import AttackKind
from ...geometry.ranks import Constant, leads
from ...geometry.sharing import device_of_each, shared_out
from ...media import read_image, save_image
from ...metrics import Metric
from .result_cache import keep_results, kept_results

_TITLES = {
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


def title_of(metric: str) -> str:
    """Return what figures and tables call a metric; those of files go by their names."""
    return _TITLES.get(metric, metric)


@dataclass(frozen=True)
class AttackResult:
    """An image (3, H, W) as saved, and its measures (fields of `AttackEvaluation`)."""

    image: Tensor
    evaluation: Mapping[str, Any]
    seconds: float


@dataclass(frozen=True)
class AttackTask:
    """An attack by its name: which, on what image (3, H, W), and towards which, if any."""

    name: str
    kind: AttackKind
    source: Tensor
    target: Tensor | None

    def to(self, device: torch.device) -> AttackTask:
        """Return it with its images on a device."""
        target = None if self.target is None else self.target.to(device)
        return replace(self, source=self.source.to(device), target=target)


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
    task = AttackTask(name, kind, source, target)
    return solve_or_read_all(folder, [task], options, metric=metric)[0]


def solve_or_read_all(
    folder: Path, tasks: Sequence[AttackTask], options: AttackOptions, *, metric: Metric
) -> list[AttackResult]:
    """Return the same of several attacks, of which ranks of torchrun take one each in turn."""
    files = {
        each.name: (
            folder / f"{each.name}.json",
            _identity(each, options, metric),
            [folder / f"{each.name}.png"],
        )
        for each in tasks
    }
    kept = {name: kept_results(*arguments) for name, arguments in files.items()}
    found = {name: results for name, results in kept.items() if results is not None}
    missing = [each for each in tasks if each.name not in found]
    device = device_of_each(tasks[0].source.device)
    on_cpu = [each.to(torch.device("cpu")) for each in missing]
    solved = shared_out(_solve, on_cpu, Constant(metric), options, device)
    for task, (image, results) in zip(missing, solved, strict=True):
        record, identity, (picture,) = files[task.name]
        save_image(picture, image)
        found[task.name] = keep_results(record, identity, results)
    return [
        AttackResult(read_image(folder / f"{name}.png"), results["evaluation"], results["seconds"])
        for name, results in ((each.name, found[each.name]) for each in tasks)
    ]


def _solve(
    task: AttackTask, metric: Metric, options: AttackOptions, device: torch.device
) -> tuple[Tensor, dict[str, Any]]:
    """Return the image that an attack finds, and what is kept of it."""
    here, shown = task.to(device), task.name if leads() else None
    found = attack(here.kind, here.source, here.target, options, metric=metric, progress=shown)
    if found.solution.interrupted:
        raise KeyboardInterrupt
    results = {
        "result": found.stop_reason,
        "evaluation": found.evaluation,
        "seconds": found.solution.state.seconds,
    }
    return found.image.cpu(), results


def _identity(task: AttackTask, options: AttackOptions, metric: Metric) -> dict[str, Any]:
    problem = AttackProblem.of(task.kind, task.source, task.target, options, metric=metric)
    return {
        **problem.identity,
        "steps": options.steps,
        "evaluation draws": options.evaluation_draws,
    }
