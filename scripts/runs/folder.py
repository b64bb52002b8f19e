"""The folder of a run: its checkpoint, whose checkpoint that is, and the head of run.json."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ...geometry.attack_problem import AttackProblem
from ...geometry.barycenter_problem import BarycenterProblem
from ...geometry.checkpoint import load_run, save_run
from ...geometry.geodesic_problem import GeodesicProblem
from ...metrics.precision import precision_of
from ...optim import RunState, Solution, StopReason
from .files import print_notice
from .options import weights_record
from .record import environment

AnyProblem = AttackProblem | BarycenterProblem | GeodesicProblem

_CHECKPOINT, _CHECKPOINT_EVERY = "checkpoint.pt", 50


@dataclass(frozen=True)
class RunFolder:
    """A folder with the checkpoint of one run.

    Attributes
    ----------
    identity
        What must agree for the checkpoint to be resumed, as plain values.
    """

    folder: Path
    identity: Mapping[str, Any]

    @property
    def checkpoint(self) -> Path:
        """The checkpoint's path."""
        return self.folder / _CHECKPOINT

    def load(self, device: torch.device) -> RunState:
        """Read the run to go on with."""
        return load_run(self.checkpoint, self.identity, device)

    def set_old_checkpoint_aside(self) -> None:
        """Rename the checkpoint of an earlier run, so that it is not lost."""
        if self.checkpoint.exists():
            kept = self.checkpoint.with_name("checkpoint.previous.pt")
            self.checkpoint.replace(kept)
            print_notice(f"{self.folder}: holds an earlier run; its checkpoint is now {kept.name}")

    def save_checkpoint(self, run: RunState) -> None:
        """Save a checkpoint now and then; a callback."""
        if run.step % _CHECKPOINT_EVERY == 0:
            self.save_state(run)

    def save_state(self, run: RunState) -> None:
        """Save a checkpoint."""
        save_run(self.checkpoint, run, self.identity)


def has_checkpoint(folder: Path) -> bool:
    """Whether a run in ``folder`` can be gone on with."""
    return (folder / _CHECKPOINT).exists()


def exit_code(result: StopReason) -> int:
    """Return the exit code of a command whose run ended with ``result``."""
    return {StopReason.INTERRUPTED: 130, StopReason.NOT_FINITE: 1}.get(result, 0)


def digest(images: Tensor) -> str:
    """Return a hash of the very pixels."""
    return hashlib.sha256(images.cpu().numpy().tobytes()).hexdigest()


def metric_identity(problem: AnyProblem) -> dict[str, Any]:
    """Return what tells a metric from others: weights, ensemble, gradients' precision."""
    return {
        "metric": problem.metric.name,
        "metric weights": [weights.sha256 for weights in problem.metric.weights],
        "ensemble": str(getattr(problem.metric, "ensemble", None)),
        "precision": precision_of(problem.working_metric),
    }


def run_record(
    command: str,
    arguments: Mapping[str, Any],
    problem: AnyProblem,
    size: tuple[int, int],
    device: torch.device,
    solution: Solution,
) -> dict[str, Any]:
    """Return the head of ``run.json``: what was run, on what, and how it ended."""
    return {
        "command": command,
        "arguments": arguments,
        "size": list(size),
        "environment": environment(device),
        "precision": precision_of(problem.working_metric),
        "weights": weights_record(problem.metric),
        "ensemble": getattr(problem.metric, "ensemble", None),
        "seed": arguments["seed"],
        "result": solution.result.value,
        "steps": solution.state.step,
        "best_step": solution.step,
        "draws": solution.state.history[-1].draws if solution.history else 0,
        "seconds": {"optimisation": solution.state.seconds},
        "evaluation": None,
    }
