"""Numbers that options take: one rule per kind, for the library and the command line alike."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import PurePath
from typing import Any, TypeVar

from .errors import InputError

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Rule:
    """A kind of number: whole or not, and its range.

    Attributes
    ----------
    least, most
        The range.
    whole
        Whether it is an integer.
    above
        Whether ``least`` itself is out of range.
    below
        Whether ``most`` itself is.
    """

    least: float
    most: float
    whole: bool = False
    above: bool = False
    below: bool = False

    def admits(self, value: object) -> bool:
        """Whether a value is of this kind; NaN and truth values are of none."""
        if isinstance(value, bool) or not hasattr(
            value, "__index__" if self.whole else "__float__"
        ):
            return False
        # Written so that NaN fails; integers are compared as they are, of any size.
        number: Any = value
        high_enough = number > self.least if self.above else number >= self.least
        low_enough = number < self.most if self.below else number <= self.most
        return bool(high_enough and low_enough and (self.whole or math.isfinite(number)))

    def __str__(self) -> str:
        """Return what is expected."""
        what = "an integer" if self.whole else "a number"
        if self.most == math.inf:
            return f"{what} {'above' if self.above else 'of at least'} {self.least:g}"
        least = f"above {self.least:g}" if self.above else f"from {self.least:g}"
        most = {2**63 - 1: "2^63 - 1"}.get(int(self.most), f"{self.most:,.10g}")
        if self.below:
            return f"{what} {least} and below {most}"
        return f"{what} {least} {'and at most' if self.above else 'to'} {most}"


SEED = Rule(0, 2**63 - 1, whole=True)
SIZE = Rule(16, 2**16, whole=True)
COUNT = Rule(1, 10**9, whole=True)
COUNT_OR_NONE = Rule(0, 10**9, whole=True)
DRAWS = Rule(1, 10**6, whole=True)
FEW = Rule(1, 10**4, whole=True)
LEVELS = Rule(1, 64, whole=True)
HALVINGS = Rule(0, 15, whole=True)
POSITIVE = Rule(0, math.inf, above=True)
WEIGHT = Rule(0, math.inf)
FRACTION = Rule(0, 1)
BETA = Rule(0, 1, below=True)

RULES: Mapping[str, Rule] = {
    **dict.fromkeys(("seed", "group_seed"), SEED),
    **dict.fromkeys(("size", "sizes", "frame_size"), SIZE),
    **dict.fromkeys(
        "batch chunk copies count epochs groups min_draws max_draws patches repeats restarts seeds "
        "size_frames limit triplets subset jobs shifts shifted_by crop side checkpoint scales "
        "kill_at".split(),
        COUNT,
    ),
    **dict.fromkeys(
        "steps path_steps pure_steps released patience pause warmup decay_epochs samples train val "
        "head_start attack_steps frames rows duration hold judged queries rivals joined "
        "row offset_max".split(),
        COUNT_OR_NONE,
    ),
    **dict.fromkeys(("draws", "evaluation_draws", "gradient_draws"), DRAWS),
    **dict.fromkeys(("residual_draws",), Rule(0, 10**6, whole=True)),
    **dict.fromkeys(("hidden", "channels", "layers"), FEW),
    **dict.fromkeys(("scale_levels",), LEVELS),
    **dict.fromkeys(("halvings",), HALVINGS),
    **dict.fromkeys(("fps", "source_fps"), Rule(0, 1000, above=True)),
    **dict.fromkeys(("factor",), LEVELS),
    **dict.fromkeys(("power",), Rule(1, 2, whole=True)),
    **dict.fromkeys(
        "rate ranking_rate trunk_rate learning_rate step_size motion sigma temperature softness "
        "mean_distance relative_error absolute_error linf l2 radii multiples "
        "width".split(),
        POSITIVE,
    ),
    **dict.fromkeys(
        "weights pixel_weight spread noise tolerance gradient_tolerance margin".split(), WEIGHT
    ),
    **dict.fromkeys(("adversarial_share", "shares", "strengths"), FRACTION),
    **dict.fromkeys(("betas",), BETA),
    **dict.fromkeys(("dropout_keep",), Rule(0, 1, above=True)),
}
"""By the name of an option or field; of a list, of each of its numbers."""

_MAY_BE_EMPTY = {"released", "linf", "l2", "shifted_by"}


def check_number(name: str, value: Any) -> None:
    """Raise `InputError` unless a value is as the rule of an option of that name says.

    None, what has no rule and what is no number of its kind's (a list's names) passes.
    """
    if name not in RULES or value is None or isinstance(value, (str, bool, PurePath)):
        return
    values = value if isinstance(value, (tuple, list)) else (value,)
    if not values and name not in _MAY_BE_EMPTY:
        raise InputError(f"{name}: found none, expected at least one number")
    for each in values:
        if not isinstance(each, str):
            require_number(name, each)


def require_number(name: str, value: Any, *others: str | None) -> None:
    """Raise `InputError` unless a value is one number as the rule of that name says.

    Nothing else passes but what ``others`` name.
    """
    if any(value is each or (isinstance(value, str) and value == each) for each in others):
        return
    rule = RULES[name]
    if not rule.admits(value):
        expected = " or ".join([*(repr(each) for each in others if each), str(rule)])
        raise InputError(f"{name}: found {value!r}, expected {expected}")


def require_switch(name: str, value: Any) -> None:
    """Raise `InputError` unless a value is True or False."""
    if not isinstance(value, bool):
        raise InputError(f"{name}: found {value!r}, expected True or False")


def check_fields(options: Any) -> None:
    """Raise `InputError` unless all numbers of a group of options, and of its groups, are sound."""
    for each in fields(options):
        value = getattr(options, each.name)
        if is_dataclass(value) and not isinstance(value, type):
            check_fields(value)
        else:
            check_number(each.name, value)


def checked(function: F) -> F:
    """Return a function that looks at the numbers of its arguments before it does anything."""
    signature = inspect.signature(function)

    @functools.wraps(function)
    def looked_at(*args: Any, **kwargs: Any) -> Any:
        for name, value in signature.bind(*args, **kwargs).arguments.items():
            if is_dataclass(value) and not isinstance(value, type):
                check_fields(value)
            else:
                check_number(name, value)
        return function(*args, **kwargs)

    return looked_at  # type: ignore[return-value]
