"""One rule per kind of number, and no option of a command without one."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from elpips.metrics.checks import (
    RULES,
    check_fields,
    check_number,
    checked,
    require_number,
    require_switch,
)
from elpips.metrics.errors import InputError
from elpips.scripts.command_tree import ELPIPS, Command

NAN, INFINITY = float("nan"), float("inf")


def options(hints: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield names and types of options, those of groups too."""
    for name, hint in hints.items():
        if dataclasses.is_dataclass(hint):
            yield from options(typing.get_type_hints(hint))
        elif name != "return":
            yield name, hint


def is_number(hint: Any) -> bool:
    """Whether a type is int, float, or one of several or of many of those."""
    if typing.get_origin(hint) in (tuple, typing.Union, types.UnionType):
        return any(map(is_number, typing.get_args(hint)))
    return hint in (int, float)


def numbers(command: Command = ELPIPS) -> Iterator[str]:
    """Yield the names of all options of all commands that are numbers."""
    if command.target:
        module, function = command.target.split(":")
        found = getattr(import_module(f"elpips.scripts.{module}"), function)
        yield from (name for name, hint in options(typing.get_type_hints(found)) if is_number(hint))
    for child in command.commands.values():
        yield from numbers(child)


def test_every_number_that_a_command_takes_has_a_rule() -> None:
    assert set(numbers()) - set(RULES) == set()


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("seed", [0, 2**63 - 1], [-1, 2**63, 1.0]),
        ("size", [16, 4096, None], [0, -1, 15, 2**63, 64.0]),
        ("sizes", [(64, 128)], [(), (64, 0)]),
        ("frames", [0, 3], [-1, 10**10]),
        ("draws", [1, None], [0, -3, 10**10]),
        ("scale_levels", [1, 8, "auto"], [0, 10**10]),
        ("halvings", [0, 3], [-1, 10**10]),
        ("betas", [(0.9, 0.999), (0.0, 0.0)], [(2.0, 2.0), (0.9, 1.0), (NAN, 0.9), (-0.1, 0.9)]),
        ("weights", [(1.0, 0.0), (1e308, 1e308)], [(-1.0, 1.0), (NAN, 1.0), (INFINITY, 1.0)]),
        ("spread", [0.0, 0.3], [NAN, INFINITY, -0.1]),
        ("step_size", [0.1, None], [0.0, -1.0, NAN, INFINITY]),
        ("adversarial_share", [0.0, 0.5, 1.0], [-0.1, 1.1, NAN]),
        ("rows", [(1, 2), None], [(), (-1,)]),
        ("released", [(), (600,)], [(-1,)]),
        ("power", [1, 2], [0, 3, 1.5]),
    ],
)
def test_rules(name: str, good: list[Any], bad: list[Any]) -> None:
    for value in good:
        check_number(name, value)
    for value in bad:
        with pytest.raises(InputError) as caught:
            check_number(name, value)
        assert str(caught.value).startswith(f"{name}: found ") and "\n" not in str(caught.value)


def test_what_is_expected_is_said() -> None:
    for name, value, words in (
        ("betas", (2.0, 0.9), "betas: found 2.0, expected a number from 0 and below 1"),
        ("seed", -1, "seed: found -1, expected an integer from 0 to 2^63 - 1"),
        ("size", 4, "size: found 4, expected an integer from 16 to 65,536"),
        ("spread", NAN, "spread: found nan, expected a number of at least 0"),
        ("sigma", 0.0, "sigma: found 0.0, expected a number above 0"),
        ("rows", (), "rows: found none, expected at least one number"),
    ):
        with pytest.raises(InputError) as caught:
            check_number(name, value)
        assert str(caught.value) == words


@dataclass
class _Inner:
    seed: int = 0


@dataclass
class _Group:
    inner: _Inner = dataclasses.field(default_factory=_Inner)
    size: int | None = None


def test_groups_and_arguments_are_looked_at_before_a_function_runs() -> None:
    check_fields(_Group())
    with pytest.raises(InputError, match="seed: found -1"):
        check_fields(_Group(_Inner(-1)))
    called = []

    @checked
    def command(seed: int, group: _Group | None = None) -> int:
        called.append(seed)
        return seed

    assert command(3, _Group()) == 3
    for arguments in ({"seed": -1}, {"seed": 3, "group": _Group(size=0)}):
        with pytest.raises(InputError):
            command(**arguments)
    assert called == [3]


def test_a_path_that_is_named_like_a_number_passes() -> None:
    check_number("frames", Path("outputs/frames"))


def test_what_has_to_be_a_number_is_no_text_and_nothing_else() -> None:
    require_number("draws", 3)
    require_number("scale_levels", "auto", "auto")
    require_number("relative_error", None, None)
    for value in ("3", True, None, (3,), 2.5):
        with pytest.raises(InputError, match=r"^draws: found .*, expected an integer from 1 to 1,"):
            require_number("draws", value)
    with pytest.raises(InputError, match="found 'all', expected 'auto' or an integer from 1 to 64"):
        require_number("scale_levels", "all", "auto")


def test_a_switch_is_true_or_false() -> None:
    require_switch("scale", False)
    for value in ("no", 1, None):
        with pytest.raises(InputError, match=f"scale: found {value!r}, expected True or False"):
            require_switch("scale", value)
