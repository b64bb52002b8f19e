"""Whether what a checkpoint holds is the state of a run, and fits the problem it is to go on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import torch
from torch import Tensor

from ..metrics import InputError
from ..optim import RunningAverage, RunState, Solver, SolverState

# Averages of images in the box may leave it by the rounding of their arithmetic.
_ROUNDING = 1e-5
_DEEPEST = 5


class UnsoundError(InputError):
    """A run's state that no run can be in; the message says what is wrong with it."""


def check_sound(run: RunState) -> RunState:
    """Return ``run``, or raise `UnsoundError`: types, shapes, order and ranges of all it holds.

    Images are finite floats (N, 3, H, W), iterates in [0, 1]; there is a record for each step;
    numbers are finite, but for values on held-out draws.
    """
    if not isinstance(run.identity, Mapping) or not _is_plain(dict(run.identity)):
        raise UnsoundError("its identity is none")
    _check_count("step", run.step, math.inf)
    _check_count("best_step", run.best_step, run.step)
    _check_number("seconds", run.seconds, least=0)
    _check_number("best_value", run.best_value, finite=False)
    for name in ("x", "candidate", "best"):
        _check_images(name, getattr(run, name), run.x)
    if not isinstance(run.solver, SolverState):
        raise UnsoundError("it has no solver's state")
    _check_state("solver", run.solver, run)
    if run.solver.step != run.step:
        raise UnsoundError(f"solver.step is {run.solver.step}, step {run.step}")
    _check_generator(run.generator)
    _check_history(run)
    _check_evaluations(run)
    return run


def check_fits(run: RunState, solver: Solver[Any], like: Tensor) -> RunState:
    """Return ``run``, or raise `UnsoundError` if it cannot be a solver's, at images ``like``."""
    check_sound(run)
    if run.x.shape != like.shape or run.x.dtype != like.dtype:
        raise UnsoundError(f"the run is at images {tuple(run.x.shape)}, not {tuple(like.shape)}")
    if _form(run.solver) != _form(solver.init(run.x)):
        raise UnsoundError(f"the run's solver is not as {type(solver).__name__} has it")
    return run


def _is_plain(value: object, depth: int = 0) -> bool:
    """Whether a value is a number, a string, None, or a list or dictionary of such."""
    if depth > _DEEPEST:
        return False
    if isinstance(value, (list, tuple)):
        return all(_is_plain(each, depth + 1) for each in value)
    if isinstance(value, dict):
        return all(
            isinstance(key, str) and _is_plain(each, depth + 1) for key, each in value.items()
        )
    return value is None or isinstance(value, (bool, int, float, str))


def _check_count(name: str, value: object, most: float) -> None:
    if type(value) is not int or not 0 <= value <= most:
        raise UnsoundError(f"{name} is no count of steps")


def _check_number(
    name: str, value: object, least: float = -math.inf, *, finite: bool = True
) -> None:
    # Written so that NaN passes, where numbers need not be finite.
    sound = type(value) in (int, float) and not value < least  # type: ignore[operator]
    if not sound or (finite and not math.isfinite(value)):  # type: ignore[arg-type]
        raise UnsoundError(f"{name} is no number, or out of range")


def _check_images(name: str, value: object, x: object) -> None:
    if not (
        isinstance(value, Tensor)
        and isinstance(x, Tensor)
        and value.is_floating_point()
        and value.layout == torch.strided
        and value.ndim == 4
        and value.shape[1] in (3, 4)
        and value.numel() > 0
        and value.shape == x.shape
        # Written so that NaN fails.
        and bool(((value >= -_ROUNDING) & (value <= 1 + _ROUNDING)).all())
    ):
        raise UnsoundError(f"{name} holds no images in [0, 1]")


def _check_state(name: str, value: Any, run: RunState) -> None:
    """Check a part of a solver's state, down to tensors and numbers."""
    if is_dataclass(value):
        if isinstance(value, SolverState):
            _check_count(f"{name}.step", value.step, run.step)
        if isinstance(value, RunningAverage) and getattr(value.value, "shape", 0) != run.x.shape:
            raise UnsoundError(f"{name}.value has another shape than the images")
        for each in fields(value):
            _check_state(f"{name}.{each.name}", getattr(value, each.name), run)
    elif isinstance(value, Tensor):
        if not (value.is_floating_point() and bool(torch.isfinite(value).all())):
            raise UnsoundError(f"{name} holds no finite numbers")
    else:
        _check_number(name, value)


def _check_generator(state: object) -> None:
    try:
        torch.Generator().set_state(state)  # type: ignore[arg-type]
    except (RuntimeError, TypeError):
        raise UnsoundError("generator is no state of a random generator") from None


def _check_history(run: RunState) -> None:
    if len(run.history) != run.step:
        raise UnsoundError(f"there are {len(run.history)} records of {run.step} steps")
    draws = 0
    for index, record in enumerate(run.history):
        if record.step != index + 1 or record.draws < draws:
            raise UnsoundError("the records are not of one step each")
        draws = record.draws
        for name in ("seconds", "loss", "optimality_error"):
            _check_number(f"history.{name}", getattr(record, name))


def _check_evaluations(run: RunState) -> None:
    last = 0
    for pair in run.evaluations:
        if not (isinstance(pair, tuple) and len(pair) == 2):
            raise UnsoundError("evaluations are no pairs")
        step, value = pair
        _check_count("evaluations", step, run.step)
        _check_number("evaluations", value, finite=False)
        if step < last:
            raise UnsoundError("evaluations are out of order")
        last = step
    if not run.evaluations:
        raise UnsoundError("there are no evaluations")


def _form(value: Any) -> Any:
    """Return types and shapes, down to tensors and numbers."""
    if is_dataclass(value):
        return type(value), [_form(getattr(value, each.name)) for each in fields(value)]
    if isinstance(value, Tensor):
        return value.shape, value.dtype
    return "number"
