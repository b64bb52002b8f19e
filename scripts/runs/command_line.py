"""The command that repeats a run, from what ``run.json`` keeps of its arguments."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from ...geometry import AttackOptions, BarycenterOptions
from ...metrics import DEFAULT_METRIC
from .files import plain
from .footage_options import INTERPOLATE, FootageOptions
from .material_set import MATERIALS
from .options import MetricOptions, PictureOptions, flat
from .path_setup import PathSetup

_POSITIONAL: Mapping[str, Sequence[str]] = {
    "geodesic": ("start", "end"),
    "morph": ("images",),
    "barycenter": ("images",),
    "interpolate": ("start", "end"),
    "materials": ("start", "end"),
    "attack": ("kind", "source", "target"),
}
# Where a run is kept and how it was gone on with is no part of what it computes.
_LEFT_OUT = ("outdir", "resume", "preview")
_PATH: dict[str, Any] = flat(setup=PathSetup())
_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "geodesic": _PATH,
    "morph": {**_PATH, "loop": False},
    "barycenter": flat(
        weights=None,
        init="blend",
        pictures=PictureOptions(),
        metric=MetricOptions(),
        solver=BarycenterOptions(),
        snapshots=True,
    ),
    "interpolate": flat(footage=FootageOptions(), setup=INTERPOLATE),
    "materials": {**flat(setup=MATERIALS), "kind": ()},
    "attack": flat(
        metric=DEFAULT_METRIC,
        ensemble=None,
        pictures=PictureOptions(),
        solver=AttackOptions(),
        device="auto",
    ),
}


def command_line(command: str, arguments: Mapping[str, Any]) -> str:
    """Return ``elpips COMMAND ...`` as a shell reads it.

    Options at their defaults are left out.

    Parameters
    ----------
    command
        The command's name.
    arguments
        Those of ``run.json``.
    """
    defaults, positions = plain(_DEFAULTS.get(command, {})), _POSITIONAL.get(command, ())
    positional = [
        text
        for name in positions
        for value in [arguments.get(name)]
        for text in (value if isinstance(value, list) else [value])
        if text is not None
    ]
    words = ["elpips", command, *(_guarded(str(each)) for each in positional)]
    for name, value in arguments.items():
        known = name in defaults
        if name in (*positions, *_LEFT_OUT) or (value == defaults[name] if known else False):
            continue
        if value is not None or known:
            words += _option(name, value)
    return shlex.join(words)


def _option(name: str, value: Any) -> list[str]:
    option = name.replace("_", "-")
    if isinstance(value, bool):
        return [f"--{option}" if value else f"--no-{option}"]
    values = value if isinstance(value, list) else [value]
    return [f"--{option}", *(str(each) for each in values)]


def _guarded(path: str) -> str:
    """Return a file's name so that it is not taken for an option."""
    return f"./{path}" if path.startswith("-") else path
