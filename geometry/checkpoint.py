"""Runs on disk: plain tensors and numbers, written whole or not at all."""

from __future__ import annotations

import os
import pickle
from collections.abc import Mapping
from dataclasses import astuple, fields
from pathlib import Path
from typing import Any

import torch

from ..optim.solution import RunState, StepRecord


class CheckpointError(ValueError):
    """A checkpoint that cannot be read, or that belongs to another problem."""


def save_run(path: Path, run: RunState, identity: Mapping[str, Any]) -> None:
    """Write ``run`` to ``path`` atomically.

    ``identity`` says which problem it is a run of, in plain numbers and strings; resuming
    demands an equal one.
    """
    content = {field.name: getattr(run, field.name) for field in fields(run)}
    content["history"] = [astuple(record) for record in run.history]
    temporary = path.with_name(path.name + ".part")
    torch.save({"identity": dict(identity), "run": content}, temporary)
    os.replace(temporary, path)


def load_run(
    path: Path, identity: Mapping[str, Any], device: str | torch.device = "cpu"
) -> RunState:
    """Read the run that `save_run` wrote.

    Raises
    ------
    CheckpointError
        If the file is missing or damaged, or its identity differs; the message names the
        first difference.
    """
    try:
        content = torch.load(path, map_location=device, weights_only=True)
        stored, run = content["identity"], content["run"]
        history = tuple(StepRecord(*values) for values in run.pop("history"))
        # The generator's state is read by the CPU, whatever the device of the rest.
        run["generator"] = run["generator"].cpu()
        run["evaluations"] = tuple(tuple(pair) for pair in run["evaluations"])
        loaded = RunState(**run, history=history)
    except FileNotFoundError:
        raise CheckpointError(f"{path}: no checkpoint there to resume from") from None
    except (OSError, RuntimeError, EOFError, KeyError, TypeError, pickle.UnpicklingError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise CheckpointError(f"{path}: not a readable checkpoint ({reason})") from None
    for key in {**stored, **identity}:
        if stored.get(key) != identity.get(key):
            raise CheckpointError(
                f"{path}: the checkpoint was made with {key} {stored.get(key)!r}, found "
                f"{identity.get(key)!r}; resume with the same images and options"
            )
    return loaded
