"""Where a run stands, how it went, and what it returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, overload

from torch import Tensor

from .solver import SolverState


class StopReason(Enum):
    """Why a run ended; the values are the messages a user reads."""

    CONVERGED = "converged: the optimality error is below the tolerance"
    STEP_LIMIT = "step limit reached"
    NO_PROGRESS = "stopped: no more progress on held-out draws"
    INTERRUPTED = "interrupted: this is the best point so far"
    NOT_FINITE = "stopped: the objective or its gradient is not finite"

    def __str__(self) -> str:
        """Return the message."""
        return self.value


@dataclass(frozen=True)
class StepRecord:
    """One line of a run's history.

    Attributes
    ----------
    step
        Optimiser steps done.
    draws
        Random draws used for gradients so far.
    seconds
        Wall-clock time so far, all resumed runs together.
    loss
        The sampled objective of the step; noisy.
    optimality_error
        Norm of the projected gradient sample.
    """

    step: int
    draws: int
    seconds: float
    loss: float
    optimality_error: float


class History(Sequence[StepRecord]):
    """The records of all steps: never changed, and extended without a copy.

    Histories of one run share a list, of which each is the beginning that it knew of.
    """

    def __init__(self, records: Sequence[StepRecord] = ()) -> None:
        self._records = list(records)
        self._length = len(self._records)

    def extended(self, record: StepRecord) -> History:
        """Return the history with one more record."""
        longer = History.__new__(History)
        # A run that goes on from the middle of another's has a list of its own.
        latest = len(self._records) == self._length
        longer._records = self._records if latest else self._records[: self._length]
        longer._records.append(record)
        longer._length = self._length + 1
        return longer

    def __len__(self) -> int:
        """Return the number of steps."""
        return self._length

    @overload
    def __getitem__(self, index: int) -> StepRecord: ...

    @overload
    def __getitem__(self, index: slice) -> list[StepRecord]: ...

    def __getitem__(self, index: int | slice) -> StepRecord | list[StepRecord]:
        """Return a record, or a list of records."""
        if isinstance(index, slice):
            return [self._records[each] for each in range(*index.indices(self._length))]
        return self._records[range(self._length)[index]]


@dataclass(frozen=True)
class RunState:
    """The complete state of a run between two steps; what a checkpoint holds.

    Attributes
    ----------
    identity
        What the run is of, in plain numbers and strings; a run goes on only where it is equal.
    step, seconds
        Steps done and wall-clock time used, all resumed parts together.
    x, solver, generator
        The iterate, the solver's state and the state of the random generator.
    candidate
        What the solver would give as the result.
    best, best_value, best_step
        The best candidate by held-out evaluation so far.
    history
        A record per step.
    evaluations
        Pairs (step, objective on the held-out draws).
    """

    identity: Mapping[str, Any]
    step: int
    x: Tensor
    solver: SolverState
    generator: Tensor
    candidate: Tensor
    best: Tensor
    best_value: float
    best_step: int
    seconds: float = 0.0
    history: History = field(default_factory=History, repr=False)
    evaluations: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True)
class Solution:
    """The outcome of a minimisation.

    Attributes
    ----------
    value
        The best point by held-out evaluation.
    objective
        Its objective on the held-out draws that chose it (slightly optimistic; judge on
        draws of your own).
    step
        The step at which it was found.
    result
        Why the run stopped.
    state
        Where the run stands, to go on from.
    """

    value: Tensor
    objective: float
    step: int
    result: StopReason
    state: RunState

    @property
    def history(self) -> History:
        """The records of all steps."""
        return self.state.history

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended the run."""
        return self.result is StopReason.INTERRUPTED
