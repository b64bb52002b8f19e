"""Options of ``elpips interpolate`` that have no use for what they are given with."""

from __future__ import annotations

from dataclasses import replace

import pytest

from elpips.metrics import InputError
from elpips.scripts.runs.footage_options import (
    INTERPOLATE,
    FootageOptions,
    check_used,
    frames_between,
)
from elpips.scripts.runs.path_setup import JudgeOptions, ShowOptions


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"frames": 4}, "frames"),
        ({"preview": True}, "preview"),
        ({"judgement": JudgeOptions(also="none", residual_draws=0)}, "also, residual draws"),
        ({"animation": ShowOptions(animations=("gif",), hold=1)}, "animations, hold"),
        ({"animation": ShowOptions(duration=9, faithful=True)}, "duration, faithful"),
    ],
)
def test_footage_has_no_use_for_how_a_path_is_judged_and_shown(changes, said: str) -> None:
    setup = replace(INTERPOLATE, **changes)
    check_used("two pictures", FootageOptions(), setup)
    with pytest.raises(InputError, match=f"^{said}: of no use in interpolate of footage"):
        check_used("footage", FootageOptions(), setup)


def test_two_pictures_have_neither_rate_nor_sound() -> None:
    given = FootageOptions(factor=8, source_fps=25.0, sound=False)
    shown = ShowOptions(fps=30.0, frame_format="tiff")
    check_used("footage", given, replace(INTERPOLATE, animation=shown))
    with pytest.raises(InputError, match=r"^source fps, sound: of no use in interpolate of two"):
        check_used("two pictures", given, INTERPOLATE)


@pytest.mark.parametrize(
    ("factor", "frames", "found"), [(2, 3, 3), (4, 3, 5), (2, 9, 9), (8, 9, 9), (1, 3, 2)]
)
def test_frames_between_two_pictures(factor: int, frames: int, found: int) -> None:
    setup = replace(INTERPOLATE, frames=frames)
    assert frames_between(FootageOptions(factor=factor), setup) == found


def test_frames_and_a_factor_that_differ_are_refused() -> None:
    with pytest.raises(InputError, match="frames: found 7, and factor 4 means 5"):
        frames_between(FootageOptions(factor=4), replace(INTERPOLATE, frames=7))
