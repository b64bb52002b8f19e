"""Which frames a report shows, and what it says of the others."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from elpips.media import save_image
from elpips.media.alpha import on_checkers
from elpips.scripts.runs import report_frames
from elpips.scripts.runs.report_frames import read_shown, show_frames, show_picture


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    found = [tmp_path / f"{index:04d}.png" for index in range(30)]
    frames = torch.rand(30, 3, 16, 20, generator=torch.Generator().manual_seed(0))
    for path, frame in zip(found, frames, strict=True):
        save_image(path, frame)
    return found


def test_all_are_shown_where_there_is_room(paths) -> None:
    found = show_frames(paths)
    assert found.at == list(range(30)) and found.total == 30 and found.note == ""
    assert found.urls == [show_picture(path)[0] for path in paths]


def test_others_are_left_out_evenly_and_keys_are_kept(paths) -> None:
    room = 10 * max(len(show_picture(path)[0]) for path in paths)
    found = show_frames(paths, keep=[0, 14, 29], most_bytes=room)
    assert found.at[0] == 0 and found.at[-1] == 29 and 14 in found.at
    assert len(found.at) in (10, 11)
    assert {b - a for a, b in zip(found.at, found.at[1:], strict=False)} <= {1, 2, 3, 4}
    assert sum(map(len, found.urls)) < 1.2 * room
    assert found.note.startswith(f"Of 30 frames this page shows {len(found.at)} evenly spaced")


def test_of_footage_the_first_are_shown(paths, monkeypatch) -> None:
    monkeypatch.setattr(report_frames, "MOST_FRAMES", 12)
    found = show_frames(paths, consecutive=True)
    assert found.at == list(range(12))
    assert found.note.startswith("Of 30 frames this page shows the first 12;")


def test_a_few_are_shown_however_little_room_there_is(paths) -> None:
    assert show_frames(paths, most_bytes=1).at == [0, 7, 14, 22, 29]


def test_large_pictures_are_scaled_down(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    save_image(path, torch.rand(3, 8, report_frames.LONGEST_SIDE + 1))
    assert show_picture(path)[1]
    assert "scaled down to 1024 pixels" in show_frames([path, path]).note


def test_what_is_clear_is_shown_over_checkers(tmp_path: Path) -> None:
    picture = torch.zeros(4, 20, 24)
    picture[:, 4:12] = torch.tensor([0.4, 0.2, 0.0, 0.4])[:, None, None]
    save_image(tmp_path / "clear.png", picture)
    save_image(tmp_path / "seen.png", on_checkers(picture))
    assert read_shown(tmp_path / "clear.png").shape == (3, 20, 24)
    assert show_picture(tmp_path / "clear.png") == show_picture(tmp_path / "seen.png")
