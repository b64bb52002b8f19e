"""Runs on disk: plain tensors and numbers, written whole or not at all."""

from __future__ import annotations

import os
import pickle
from dataclasses import astuple, fields, is_dataclass
from typing import Any

import torch

from ..metrics import InputError
from ..metrics.files import atomic_write
from ..optim import (
    AdamState,
    AveragedAdamState,
    Callback,
    History,
    MomentumState,
    PrimalDualState,
    RunningAverage,
    RunState,
    SolverState,
    StepRecord,
)

_EVERY = 50
_KIND = "kind"
_KINDS = {
    each.__name__: each
    for each in (AdamState, AveragedAdamState, PrimalDualState, MomentumState, RunningAverage)
}


class CheckpointError(InputError):
    """A checkpoint that cannot be read."""


def save_run(path: str | os.PathLike[str], run: RunState) -> None:
    """Write ``run`` to ``path``, whole or not at all.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    content = {field.name: getattr(run, field.name) for field in fields(run)}
    content["identity"] = dict(run.identity)
    content["solver"] = _packed(run.solver)
    records = [astuple(record) for record in run.history]
    content["history"] = torch.tensor(records, dtype=torch.float64).view(-1, len(_record_types()))
    # To an open file: given a path, PyTorch says that a disk is full in a RuntimeError.
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        torch.save(content, file)


def load_run(path: str | os.PathLike[str], device: str | torch.device = "cpu") -> RunState:
    """Read the run that `save_run` wrote; pass it to the function it is of as ``run``.

    Raises
    ------
    CheckpointError
        The file is missing or damaged.
    """
    try:
        content = torch.load(path, map_location=device, weights_only=True)
        content["solver"] = _unpacked(content["solver"])
        if not isinstance(content["solver"], SolverState):
            raise TypeError("it has no solver's state")
        types = _record_types()
        rows = content["history"].tolist()
        content["history"] = History(
            [StepRecord(*(cast(x) for cast, x in zip(types, row, strict=True))) for row in rows]
        )
        # The generator's state is read by the CPU, whatever the device of the rest.
        content["generator"] = content["generator"].cpu()
        content["evaluations"] = tuple(tuple(pair) for pair in content["evaluations"])
        return RunState(**content)
    except FileNotFoundError:
        raise CheckpointError(f"{path}: no checkpoint there to resume from") from None
    except (
        OSError,
        RuntimeError,
        EOFError,
        LookupError,
        TypeError,
        ValueError,
        AttributeError,
        pickle.UnpicklingError,
    ) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise CheckpointError(f"{path}: not a readable checkpoint ({reason})") from None


def checkpoints(path: str | os.PathLike[str]) -> Callback:
    """Return a callback that saves a run to ``path`` every 50 steps."""

    def save(run: RunState) -> None:
        if run.step % _EVERY == 0:
            save_run(path, run)

    return save


def _record_types() -> tuple[type, ...]:
    return (int, int, float, float, float)


def _packed(state: Any) -> Any:
    """Return a solver's state as a dictionary that says what it is."""
    if not is_dataclass(state):
        return state
    if _KINDS.get(type(state).__name__) is not type(state):
        raise TypeError(f"files hold no {type(state).__name__}")
    content = {field.name: _packed(getattr(state, field.name)) for field in fields(state)}
    return {_KIND: type(state).__name__, **content}


def _unpacked(content: Any) -> Any:
    if not isinstance(content, dict):
        return content
    values = {name: _unpacked(value) for name, value in content.items() if name != _KIND}
    return _KINDS[content[_KIND]](**values)
