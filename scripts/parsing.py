"""Arguments of commands: what is implied, and what a command would be called with."""

from __future__ import annotations

import contextlib
import functools
import inspect
import io
from collections.abc import Callable, Sequence
from importlib import import_module
from itertools import zip_longest
from typing import Any

from .command_tree import ELPIPS

# Options of a value that may be left out: what it is then, what it is where the option is
# negated (--no-motion), and what else it may be but a number.
_IMPLIED: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "--motion": ("1", "None", ()),
    "--tile": ("both", "none", ("x", "y", "both")),
}
_NEGATED = {f"--no-{name[2:]}": (name, off) for name, (_, off, _) in _IMPLIED.items()}


def implementation_of(target: str) -> Callable[..., Any]:
    """Import the function of a command."""
    module, function = target.split(":")
    found: Callable[..., Any] = getattr(import_module(f".{module}", __package__), function)
    return found


def parse(name: str, arguments: Sequence[str]) -> dict[str, Any]:
    """Return what a command would be called with, by the names of its parameters.

    Raises
    ------
    InputError
        The command would not take the arguments: why, in one line.
    """
    implementation = implementation_of(ELPIPS.commands[name].target)
    import tyro

    from ..metrics import InputError
    from ..metrics.checks import checked

    @functools.wraps(implementation)
    def note(*values: Any, **named: Any) -> dict[str, Any]:
        return dict(inspect.signature(implementation).bind(*values, **named).arguments)

    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            found: dict[str, Any] = tyro.cli(
                checked(note), prog=f"elpips {name}", args=completed(arguments)
            )
    except SystemExit:
        raise InputError(_unboxed(said.getvalue())) from None
    return found


def _unboxed(text: str) -> str:
    """Return what tyro says is wrong, without the frame and the advice below it."""
    said: list[str] = []
    for line in text.splitlines()[1:]:
        words = line.strip("\u2502 ")
        # Rules are drawn across: below the title, where there is no frame, and above the advice.
        if words.strip("\u2500\u2570\u256f-"):
            said.append(words)
        elif said:
            break
    return " ".join(said)


def completed(arguments: Sequence[str]) -> list[str]:
    """Return the arguments with the values that options imply, as they are or negated."""
    completed: list[str] = []
    for argument, following in zip_longest(arguments, arguments[1:], fillvalue=""):
        completed += _NEGATED.get(argument, (argument,))
        implied, off, others = _IMPLIED.get(argument, ("", "", ()))
        if implied and following not in (off, *others) and not _is_number(following):
            completed.append(implied)
    return completed


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
