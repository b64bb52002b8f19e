"""Paths with their files: starts, checkpoints, pictures, judgement."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from elpips.geometry import GeodesicOptions, geodesic
from elpips.media import read_frames, read_image, save_frames
from elpips.metrics import InputError, create_metric
from elpips.scripts.runs.path import FILES, judge, read_init, save_path, save_steps, solve_in
from elpips.scripts.runs.path_setup import JudgeOptions, ShowOptions
from elpips.scripts.runs.results import Results

ENDS = torch.rand(2, 3, 33, 41, generator=torch.Generator().manual_seed(0))
OPTIONS = GeodesicOptions(steps=60)


def solve(folder: Path, options: GeodesicOptions = OPTIONS, resume: bool | None = None):
    return solve_in(
        folder, ENDS, 5, options, metric=create_metric("l2"), init="noise", label="a", resume=resume
    )


def test_a_start_is_a_name_or_frames(tmp_path: Path) -> None:
    save_frames(tmp_path / "frames", ENDS)
    assert read_init("flow", ENDS) == "flow"
    frames = read_init(str(tmp_path / "frames"), ENDS)
    torch.testing.assert_close(frames, ENDS, rtol=0, atol=0.5 / 255 + 1e-6)
    with pytest.raises(InputError, match="nowhere: no such file or folder"):
        read_init("nowhere", ENDS)


def test_a_path_is_the_librarys_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    whole = geodesic(ENDS[0], ENDS[1], 5, OPTIONS, metric="l2", init="noise")
    assert torch.equal(solve(tmp_path / "whole").frames, whole.frames)
    solve(tmp_path / "part", GeodesicOptions(steps=20))
    assert torch.equal(solve(tmp_path / "part").frames, whole.frames)


def test_files_and_judgement(tmp_path: Path) -> None:
    found = solve(tmp_path, GeodesicOptions(steps=8))
    save_path(Results(tmp_path), found.frames, ShowOptions(rows=(3,)))
    written = {"frames", "animation.gif", "animation.mp4", "filmstrip.png", "scanline.png"}
    assert {name for name in FILES if (tmp_path / name).exists()} == written
    frames = read_frames(tmp_path / "frames")
    torch.testing.assert_close(frames, found.frames, rtol=0, atol=0.5 / 255 + 1e-6)
    record = judge(found, JudgeOptions(also="none", residual_draws=2))
    assert record["energy"] == found.evaluation.path.energy and record["also"] is None
    assert len(record["residuals"]) == 3
    assert max(record["residuals"]) > max(record["baseline"]["residuals"])
    assert "residuals" not in judge(found, JudgeOptions(also="none", residual_draws=0))
    save_steps(tmp_path / "steps.png", found)
    assert read_image(tmp_path / "steps.png").std() > 0.05


def test_frames_and_animations_of_other_formats(tmp_path: Path) -> None:
    frames = torch.rand(3, 3, 16, 20, generator=torch.Generator().manual_seed(0))
    options = ShowOptions(animations=("webm", "webp", "apng"), frame_format="png16", fps=25)
    save_path(Results(tmp_path), frames, options)
    assert not (tmp_path / "animation.gif").exists()
    deep = read_frames(tmp_path / "frames")
    torch.testing.assert_close(deep, frames, rtol=0, atol=1 / 65535)
    for name in options.animations:
        assert len(read_frames(tmp_path / f"animation.{name}")) == 3
    save_path(Results(tmp_path), frames[:2], ShowOptions(frame_format="tiff", animations=()))
    names = {path.name for path in (tmp_path / "frames").iterdir() if path.suffix != ".jsonl"}
    assert names == {"0000.tif", "0001.tif"}
