"""What a run returns: the value, why it stopped, and how it went."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from torch import Tensor


class StopReason(Enum):
    """Why a run ended; the values are the messages a user reads."""

    CONVERGED = "converged: the optimality error is below the tolerance"
    STEP_LIMIT = "step limit reached"
    NO_PROGRESS = "stopped: no more progress on held-out draws"
    INTERRUPTED = "interrupted: this is the best point so far"
    NOT_FINITE = "stopped: the objective or its gradient is not finite"


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


@dataclass(frozen=True)
class RunState:
    """The complete state of a run between two steps; what a checkpoint holds.

    Attributes
    ----------
    step, seconds
        Steps done and wall-clock time used, all resumed parts together.
    x, solver, generator
        The iterate, the solver's state and the state of the random generator.
    best, best_value, best_step
        The best candidate by held-out evaluation so far.
    history
        A record per step.
    evaluations
        Pairs (step, objective on the held-out draws).
    """

    step: int
    x: Tensor
    solver: dict[str, Any]
    generator: Tensor
    best: Tensor
    best_value: float
    best_step: int
    seconds: float = 0.0
    history: tuple[StepRecord, ...] = field(default=(), repr=False)
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
        Where the run stands; pass it as ``start`` to go on.
    """

    value: Tensor
    objective: float
    step: int
    result: StopReason
    state: RunState

    @property
    def history(self) -> tuple[StepRecord, ...]:
        """The records of all steps."""
        return self.state.history
