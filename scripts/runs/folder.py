"""The folder of a run: its inputs, its checkpoint, and the head of run.json."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ...geometry import (
    Attack,
    Barycenter,
    CheckpointError,
    Geodesic,
    checkpoints,
    load_run,
    save_run,
)
from ...geometry.checkpoint import is_checkpoint
from ...media import save_image
from ...metrics import InputError
from ...metrics.base import image_size
from ...metrics.memory import peak_memory
from ...metrics.ownership import active_in
from ...metrics.precision import precision_of
from ...optim import Callback, RunState, StopReason
from .files import is_of_this_run, prepare_outdir
from .options import weights_record
from .record import environment

logger = logging.getLogger("elpips")

_LONGEST_STEM = 200


@dataclass
class RunFolder:
    """A folder with the inputs and the checkpoint of one run.

    A new run takes the place of an earlier one with its first step: what is refused until then
    leaves the folder as it was.
    """

    folder: Path
    _establish: Callable[[], None] | None = field(default=None, init=False, repr=False)

    @property
    def checkpoint(self) -> Path:
        """The checkpoint's path."""
        return self.folder / "checkpoint.pt"

    @property
    def previous(self) -> Path:
        """The path of the checkpoint of the run before."""
        return self.folder / "checkpoint.previous.pt"

    @property
    def has_checkpoint(self) -> bool:
        """Whether there is a checkpoint, and not of a run before the one that is gone on with."""
        return is_of_this_run(self.checkpoint)

    def begin(
        self, names: Sequence[str], images: Tensor, *, resume: bool | None = None
    ) -> RunState | None:
        """Return the run to go on from, or None for a new one, of inputs (N, 3, H, W) as used.

        ``resume``: go on from the checkpoint; None: if there is one. For a new run nothing is
        written yet; see `establish`.

        Raises
        ------
        InputError
            The checkpoint is missing or damaged, or in its place is a file of the user's.
        """
        if resume or (resume is None and self.checkpoint.exists()):
            return self._load(images.device)
        for path in (self.checkpoint, self.previous):
            if os.path.lexists(path) and not is_checkpoint(path):
                raise InputError(
                    f"{path}: is no checkpoint of ours and was not touched; move it away, or "
                    "name another --outdir"
                )
        self._establish = partial(self._set_up, names, images)
        return None

    def establish(self) -> None:
        """Save the inputs of a new run, and keep the checkpoint of an earlier one under a name.

        Once; the callback and `save` see to it.
        """
        establish, self._establish = self._establish, None
        if establish is not None:
            establish()

    def callback(self) -> Callback:
        """Return the callback that establishes the run, and saves a checkpoint now and then."""
        save = checkpoints(self.checkpoint)

        def called(run: RunState) -> None:
            self.establish()
            save(run)

        return called

    def save(self, run: RunState) -> None:
        """Save a checkpoint."""
        self.establish()
        save_run(self.checkpoint, run)

    def _set_up(self, names: Sequence[str], images: Tensor) -> None:
        self._set_aside()
        inputs = prepare_outdir(self.folder / "inputs")
        for index, (name, image) in enumerate(zip(names, images, strict=True)):
            save_image(inputs / f"{index:02d}_{_cut(name)}.png", image)

    def _load(self, device: torch.device) -> RunState:
        try:
            run = load_run(self.checkpoint, device)
        except CheckpointError as error:
            if not is_checkpoint(self.previous):
                raise
            raise CheckpointError(
                f"{error}; {self.previous.name} there is an earlier run's: renamed to "
                f"{self.checkpoint.name} it can be resumed"
            ) from None
        if owned := active_in(self.folder):
            owned.record(self.checkpoint)
        return run

    def _set_aside(self) -> None:
        """Rename the checkpoint of an earlier run, over that of the one before it."""
        owned = active_in(self.folder)
        if self.checkpoint.exists():
            if owned:
                owned.record(self.previous, self.checkpoint)
            self.checkpoint.replace(self.previous)
            logger.warning(
                "%s: holds an earlier run; its checkpoint is now %s",
                self.folder,
                self.previous.name,
            )
        elif owned and self.previous.exists():
            owned.record(self.previous)


def _cut(name: str) -> str:
    """Return a name cut so that a file's may hold it."""
    while len(os.fsencode(name)) > _LONGEST_STEM:
        name = name[:-1]
    return name


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
        "objective": solution.state.evaluations,
        "seconds": {"optimisation": solution.state.seconds},
        "memory": {"foreseen": getattr(problem, "memory", None), "peak": peak_memory(x.device)},
        "evaluation": None,
    }


def closing_line(found: Attack | Barycenter | Geodesic) -> str:
    """Return why and when a run stopped, for the user."""
    solution = found.solution
    return (
        f"{solution.result} (best at step {solution.step} of {solution.state.step}, "
        f"{solution.state.seconds:.0f} s)"
    )
