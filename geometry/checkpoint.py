"""Runs on disk: plain tensors and numbers, written whole or not at all."""

from __future__ import annotations

import hashlib
import logging
import os
import time
import warnings
from dataclasses import astuple, fields, is_dataclass
from typing import Any, BinaryIO, cast

import torch
from torch import Tensor

from ..metrics import InputError
from ..metrics.files import atomic_write, reason
from ..optim import (
    AdamState,
    AveragedAdamState,
    Callback,
    History,
    MomentumState,
    PrimalDualState,
    RunningAverage,
    RunState,
    StepRecord,
)
from .soundness import UnsoundError, check_sound

logger = logging.getLogger("elpips")

MAGIC = b"elpips checkpoint 2\n"
"""What a checkpoint's file begins with."""

_EVERY, _SECONDS = 50, 30.0
_HEX, _DEEPEST = 64, 3
_KIND = "kind"
_KINDS = {
    each.__name__: each
    for each in (AdamState, AveragedAdamState, PrimalDualState, MomentumState, RunningAverage)
}


class CheckpointError(InputError):
    """A checkpoint that cannot be read."""


class _Digesting:
    """Writes on to a file, and keeps the SHA-256 of all that was written.

    A failure is kept too, and not said: PyTorch would make another of it, in its own words.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = hashlib.sha256()
        self.failure: OSError | None = None

    def write(self, data: bytes) -> int:
        if self.failure is None:
            try:
                self.digest.update(data)
                self._file.write(data)
            except OSError as error:
                self.failure = error
        return len(data)

    def flush(self) -> None:
        """Do nothing; the file is flushed when it is closed."""


def save_run(path: str | os.PathLike[str], run: RunState) -> None:
    """Write ``run`` to ``path``, whole or not at all.

    A line that says what the file is and the SHA-256 of the rest go ahead of what PyTorch
    writes.

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
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        file.write(MAGIC + bytes(_HEX) + b"\n")
        body = _Digesting(file)
        torch.save(content, cast(BinaryIO, body))
        if body.failure is not None:
            raise body.failure
        file.seek(len(MAGIC))
        file.write(body.digest.hexdigest().encode())


def load_run(path: str | os.PathLike[str], device: str | torch.device = "cpu") -> RunState:
    """Read the run that `save_run` wrote; pass it to the function it is of as ``run``.

    It is checked whole first: its digest, its structure, and the types, shapes and ranges of
    all it holds.

    Raises
    ------
    CheckpointError
        The file is missing or damaged, or of another version.
    """
    try:
        if os.path.lexists(path) and not os.path.isfile(path):
            raise CheckpointError(f"{path}: not a readable checkpoint (it is no file)")
        with open(path, "rb") as file:
            start = _check_digest(path, file)
            file.seek(start)
            # Its warnings are of what is refused below, or of how it works.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                content = torch.load(file, map_location=device, weights_only=True)
        return check_sound(_unpacked_run(content))
    except CheckpointError:
        raise
    except FileNotFoundError:
        raise CheckpointError(f"{path}: no checkpoint there to resume from") from None
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read ({reason(error)})") from None
    except (UnsoundError, _StructureError) as error:
        raise CheckpointError(f"{path}: not a readable checkpoint ({error})") from None
    except MemoryError:
        raise
    # What PyTorch says of files that are none advises to load them unsafely.
    except Exception:
        raise CheckpointError(
            f"{path}: not a readable checkpoint (it holds something else)"
        ) from None


def is_checkpoint(path: str | os.PathLike[str]) -> bool:
    """Whether a file was begun as a checkpoint, be it damaged or not."""
    try:
        with open(path, "rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def checkpoints(
    path: str | os.PathLike[str], every: int = _EVERY, seconds: float = _SECONDS
) -> Callback:
    """Return a callback that saves a run to ``path`` now and then.

    After the first step, at multiples of ``every`` steps, and where ``seconds`` have passed.
    One that cannot be written is a warning of the logger "elpips", and the run goes on.
    """
    saved: list[float] = []

    def save(run: RunState) -> None:
        due = not saved or run.step % every == 0 or time.monotonic() - saved[-1] >= seconds
        if due:
            save_or_warn(path, run)
            saved[:] = [time.monotonic()]

    return save


def save_or_warn(path: str | os.PathLike[str], run: RunState) -> bool:
    """Save a run, or log a warning where that fails; return whether it was saved."""
    try:
        save_run(path, run)
    except (InputError, MemoryError) as error:
        logger.warning("%s; the run goes on without this checkpoint", error or "no memory")
        return False
    return True


class _StructureError(ValueError):
    """Content of another structure than that of a run."""


def _check_digest(path: str | os.PathLike[str], file: BinaryIO) -> int:
    """Check the head of a file against the rest, and return where that begins."""
    head = file.read(len(MAGIC) + _HEX + 1)
    if not head.startswith(MAGIC):
        raise CheckpointError(
            f"{path}: not a readable checkpoint (damaged, or not written by this version)"
        )
    digest = hashlib.sha256()
    while chunk := file.read(1 << 20):
        digest.update(chunk)
    if head[len(MAGIC) :] != digest.hexdigest().encode() + b"\n":
        raise CheckpointError(
            f"{path}: not a readable checkpoint (damaged: it does not match its digest)"
        )
    return len(head)


def _unpacked_run(content: Any) -> RunState:
    """Return the run of a checkpoint's content; the values are still to be checked."""
    if not isinstance(content, dict) or set(content) != {each.name for each in fields(RunState)}:
        raise _StructureError("it has other parts than a run")
    content = dict(content)
    content["solver"] = _unpacked(content["solver"])
    types, records = _record_types(), content["history"]
    if not (
        isinstance(records, Tensor)
        and records.dtype == torch.float64
        and records.ndim == 2
        and records.shape[1] == len(types)
        and bool(torch.isfinite(records).all())
    ):
        raise _StructureError("it has no history")
    content["history"] = History(
        [
            StepRecord(*(kind(x) for kind, x in zip(types, row, strict=True)))
            for row in records.tolist()
        ]
    )
    # The generator's state is read by the CPU, whatever the device of the rest.
    if not isinstance(content["generator"], Tensor):
        raise _StructureError("it has no state of a random generator")
    content["generator"] = content["generator"].cpu()
    if not isinstance(content["evaluations"], (tuple, list)):
        raise _StructureError("it has no evaluations")
    content["evaluations"] = tuple(
        tuple(pair) if isinstance(pair, list) else pair for pair in content["evaluations"]
    )
    return RunState(**content)


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


def _unpacked(content: Any, depth: int = 0) -> Any:
    if not isinstance(content, dict):
        return content
    kind = content.get(_KIND)
    known = _KINDS.get(kind) if isinstance(kind, str) else None
    if known is None or depth > _DEEPEST:
        raise _StructureError(f"a solver's state of unknown kind {str(kind)[:40]!r}")
    values = {name: _unpacked(each, depth + 1) for name, each in content.items() if name != _KIND}
    if set(values) != {each.name for each in fields(known)}:
        raise _StructureError(f"{kind} has other parts")
    return known(**values)
