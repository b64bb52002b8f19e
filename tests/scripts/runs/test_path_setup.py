"""What commands that compute paths are given: checks before the work, and a preview."""

from __future__ import annotations

from pathlib import Path

import pytest

from elpips.media import read_image
from elpips.metrics import InputError
from elpips.scripts.cli import main
from elpips.scripts.runs.path_setup import JudgeOptions, ShowOptions


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (JudgeOptions(also="lpips"), "also: found 'lpips'"),
        (JudgeOptions(residual_draws=1), "residual draws: found 1"),
        (JudgeOptions(residual_draws=-1), "residual draws: found -1"),
    ],
)
def test_what_cannot_be_judged_is_said(options: JudgeOptions, message: str) -> None:
    with pytest.raises(InputError, match=message):
        options.check()


def test_rows_and_times_that_cannot_be_shown_are_said() -> None:
    ShowOptions(rows=(0, 32)).check(33)
    with pytest.raises(InputError, match="rows: found 33, expected 0 to 32"):
        ShowOptions(rows=(33,)).check(33)
    with pytest.raises(InputError, match="duration 0"):
        ShowOptions(duration=0).check(33)


@pytest.mark.parametrize("command", ["geodesic", "morph", "barycenter"])
def test_commands_keep_a_preview_if_asked(command: str, pair, tmp_path: Path) -> None:
    path = [] if command == "barycenter" else ["--also", "none", "--frames", "3"]
    path += [] if command == "barycenter" else ["--animations", "gif"]
    out = ["--outdir", str(tmp_path / "out")]
    arguments = [command, *pair, *path, "--metric", "l2", "--steps", "1", *out]
    assert main([*arguments, "--preview"]) == 0
    assert read_image(tmp_path / "out/preview.png").shape == (3, 33, 3 * 43 - 2)
    # The next run's folder has none of an earlier run's.
    assert main(arguments) == 0
    assert not (tmp_path / "out/preview.png").exists()
