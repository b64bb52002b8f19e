"""Options of ``elpips interpolate``: of footage, of two pictures, and what has no use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ...geometry import INTERPOLATION
from ...metrics import InputError
from .options import flat
from .path_setup import PathSetup

Source = Literal["footage", "two pictures"]


@dataclass(frozen=True)
class FootageOptions:
    """How footage becomes smoother.

    Attributes
    ----------
    factor
        Frames of the result for each of the source's: 2, 4, 8; --fps states the result's
        rate instead. Of two pictures, N are N + 1 frames, both ends counted.
    source_fps
        Frames per second of the source, where it states none or plays at another speed.
    sound
        Carry the sound of a video over.
    """

    factor: int = 2
    source_fps: float | None = None
    sound: bool = True


INTERPOLATE = PathSetup(
    frames=3, init="flow", solver=INTERPOLATION, outdir=Path("outputs/interpolate")
)
"""All other options of the command, at their defaults."""

# Footage has one path after the other, which no one looks at: only its frames are kept.
_IDLE: Mapping[Source, tuple[str, ...]] = {
    "two pictures": ("source_fps", "sound"),
    "footage": (
        "frames", "also", "residual_draws", "rows", "animations", "preview", "duration", "hold",
        "boomerang", "faithful",
    ),
}  # fmt: skip


def check_used(source: Source, footage: FootageOptions, setup: PathSetup) -> None:
    """Raise `InputError` for options that were given and do nothing for such a source."""
    given = flat(footage=footage, setup=setup)
    usual = flat(footage=FootageOptions(), setup=INTERPOLATE)
    idle = [name.replace("_", " ") for name in _IDLE[source] if given[name] != usual[name]]
    if idle:
        raise InputError(f"{', '.join(idle)}: of no use in interpolate of {source}; leave it out")


def frames_between(footage: FootageOptions, setup: PathSetup) -> int:
    """Return how many frames a path of two pictures has, both ends counted.

    Raises
    ------
    InputError
        Frames and factor are given, and say different things.
    """
    asked = {setup.frames, footage.factor + 1} - {INTERPOLATE.frames}
    if len(asked) > 1:
        raise InputError(
            f"frames: found {setup.frames}, and factor {footage.factor} means "
            f"{footage.factor + 1} of two pictures; leave one of them out"
        )
    return asked.pop() if asked else INTERPOLATE.frames
