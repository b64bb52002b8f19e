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


@dataclass(frozen=True)
class AttackTask:
    """An attack by its name: which, on what image (3, H, W), and towards which, if any."""

    name: str
    kind: AttackKind
    source: Tensor
    target: Tensor | None


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
    identities = {each.name: _identity(each, options, metric) for each in tasks}
    kept = {
        each.name: kept_results(*_files(folder, each.name, identities[each.name])) for each in tasks
    }
    missing = [each for each in tasks if kept[each.name] is None]
    solved = shared_out(_solve, map(_on_cpu, missing), Constant(metric), options, _device(tasks))
    for task, (image, results) in zip(missing, solved, strict=True):
        record, identity, (picture,) = _files(folder, task.name, identities[task.name])
        save_image(picture, image)
        kept[task.name] = keep_results(record, identity, results)
    return [
        AttackResult(read_image(folder / f"{name}.png"), found["evaluation"], found["seconds"])
        for name, found in kept.items()
        if found is not None
    ]


def _solve(
    task: AttackTask, metric: Metric, options: AttackOptions, device: torch.device
) -> tuple[Tensor, dict[str, Any]]:
    """Return the image that an attack finds, and what is kept of it."""
    source, target = (
        None if each is None else each.to(device) for each in (task.source, task.target)
    )
    assert source is not None
    shown = task.name if leads() else None
    found = attack(task.kind, source, target, options, metric=metric, progress=shown)
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


def _files(
    folder: Path, name: str, identity: Mapping[str, Any]
) -> tuple[Path, Mapping[str, Any], list[Path]]:
    """Return the arguments of `kept_results` of an attack."""
    return folder / f"{name}.json", identity, [folder / f"{name}.png"]


def _on_cpu(task: AttackTask) -> AttackTask:
    target = None if task.target is None else task.target.cpu()
    return replace(task, source=task.source.cpu(), target=target)


def _device(tasks: Sequence[AttackTask]) -> torch.device:
    return device_of_each(tasks[0].source.device)
