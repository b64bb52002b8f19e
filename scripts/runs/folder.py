"""The folder of a run: its inputs, its checkpoint, and the head of run.json."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from ...geometry import Attack, Barycenter, Geodesic, checkpoints, load_run, save_run
from ...media import save_image
from ...metrics.base import image_size
from ...metrics.precision import precision_of
from ...optim import Callback, RunState, StopReason
from .files import prepare_outdir
from .options import weights_record
from .record import environment

logger = logging.getLogger("elpips")


@dataclass(frozen=True)
class RunFolder:
    """A folder with the inputs and the checkpoint of one run."""

    folder: Path

    @property
    def checkpoint(self) -> Path:
        """The checkpoint's path."""
        return self.folder / "checkpoint.pt"

    def begin(
        self, names: Sequence[str], images: Tensor, *, resume: bool | None = None
    ) -> RunState | None:
        """Save the inputs (N, 3, H, W) as used; return the run to go on from, or None.

        ``resume``: go on from the checkpoint; None: if there is one. A new run renames the
        checkpoint of an earlier one, so that it is not lost.
        """
        if resume or (resume is None and self.checkpoint.exists()):
            return load_run(self.checkpoint, images.device)
        if self.checkpoint.exists():
            kept = self.checkpoint.with_name("checkpoint.previous.pt")
            self.checkpoint.replace(kept)
            logger.warning(
                "%s: holds an earlier run; its checkpoint is now %s", self.folder, kept.name
            )
        inputs = prepare_outdir(self.folder / "inputs")
        for index, (name, image) in enumerate(zip(names, images, strict=True)):
            save_image(inputs / f"{index:02d}_{name}.png", image)
        return None

    def callback(self) -> Callback:
        """Return the callback that saves a checkpoint now and then."""
        return checkpoints(self.checkpoint)

    def save(self, run: RunState) -> None:
        """Save a checkpoint."""
        save_run(self.checkpoint, run)


def exit_code(reason: StopReason) -> int:
    """Return the exit code of a command whose run stopped for ``reason``."""
    return {StopReason.INTERRUPTED: 130, StopReason.NOT_FINITE: 1}.get(reason, 0)


def run_record(
    command: str, arguments: Mapping[str, Any], found: Attack | Barycenter | Geodesic
) -> dict[str, Any]:
    """Return the head of ``run.json``: what was run, on what, and how it ended."""
    problem, solution = found.problem, found.solution
    x = solution.value
    return {
        "command": command,
        "arguments": arguments,
        "size": list(image_size(x)),
        "environment": environment(x.device),
        "precision": precision_of(problem.working_metric),
        "weights": weights_record(problem.metric),
        "ensemble": getattr(problem.metric, "ensemble", None),
        "seed": found.options.seed,
        "result": solution.result.value,
        "steps": solution.state.step,
        "best_step": solution.step,
        "draws": solution.history[-1].draws if solution.history else 0,
        "seconds": {"optimisation": solution.state.seconds},
        "evaluation": None,
    }


def closing_line(found: Attack | Barycenter | Geodesic) -> str:
    """Return why and when a run stopped, for the user."""
    solution = found.solution
    return (
        f"{solution.result} (best at step {solution.step} of {solution.state.step}, "
        f"{solution.state.seconds:.0f} s)"
    )
