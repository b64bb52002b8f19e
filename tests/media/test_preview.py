"""The strip that shows a run while it goes on."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from elpips.media import read_image, to_uint8
from elpips.media.preview import preview
from elpips.metrics import InputError

ENDS = torch.rand(2, 3, 20, 30, generator=torch.Generator().manual_seed(0))


def run_at(candidate: torch.Tensor) -> Any:
    return SimpleNamespace(candidate=candidate)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    found = SimpleNamespace(now=100.0)
    monkeypatch.setattr(
        sys.modules[preview.__module__], "time", SimpleNamespace(monotonic=lambda: found.now)
    )
    return found


def test_ends_lie_around_what_is_found(tmp_path: Path) -> None:
    inner = torch.rand(3, 3, 20, 30)
    preview(tmp_path / "a.png", ENDS[:1], ENDS[1:])(run_at(inner))
    strip = np.asarray(Image.open(tmp_path / "a.png"))
    assert strip.shape == (20, 5 * 32 - 2, 3)
    for index, each in enumerate([ENDS[0], *inner, ENDS[1]]):
        found = strip[:, 32 * index : 32 * index + 30].astype(int)
        assert abs(found - to_uint8(each)).max() <= 1


def test_it_is_small_however_many_and_large_the_frames(tmp_path: Path) -> None:
    large = torch.rand(2, 3, 256, 300)
    # A level of half the size.
    preview(tmp_path / "a.png", large[:1], large[1:])(run_at(torch.rand(40, 3, 128, 150)))
    assert read_image(tmp_path / "a.png").shape == (3, 128, 11 * 152 - 2)
    preview(tmp_path / "b.png", large)(run_at(large[:1]))
    assert read_image(tmp_path / "b.png").shape == (3, 128, 3 * 152 - 2)


def test_it_is_written_every_five_seconds(tmp_path: Path, clock) -> None:
    path = tmp_path / "a.png"
    show = preview(path, ENDS)
    for now, written in ((100, True), (104, False), (106, True), (107, False), (500, True)):
        clock.now = now
        show(run_at(torch.rand(1, 3, 20, 30)))
        assert path.exists() == written
        path.unlink(missing_ok=True)


def test_one_that_cannot_be_written_is_told_once(tmp_path: Path, clock, caplog) -> None:
    show = preview(tmp_path / "nowhere" / "a.png", ENDS)
    for now in (100, 200):
        clock.now = now
        show(run_at(ENDS))
    assert len(caplog.messages) == 1 and "the run goes on without it" in caplog.messages[0]


def test_a_notebook_shows_it_in_place_of_the_one_before(monkeypatch, clock) -> None:
    shown: list[np.ndarray] = []

    class Handle:
        def update(self, picture: Any) -> None:
            shown[-1] = picture

    def display(picture: Any, display_id: bool) -> Handle:
        assert display_id
        shown.append(picture)
        return Handle()

    def picture(data: bytes, format: str) -> np.ndarray:
        assert format == "png"
        return np.asarray(Image.open(io.BytesIO(data)))

    fake = SimpleNamespace(display=SimpleNamespace(display=display, Image=picture))
    monkeypatch.setitem(sys.modules, "IPython", fake)
    show = preview(None, ENDS[:1], ENDS[1:])
    for clock.now, level in ((100, 0.0), (101, 1.0), (106, 0.2)):
        show(run_at(torch.full((1, 3, 20, 30), level)))
        assert len(shown) == 1
        assert shown[0][10, 47].tolist() == [51 if level == 0.2 else 0] * 3


def test_without_a_notebook_it_says_so(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "IPython", None)
    with pytest.raises(InputError, match="no IPython"):
        preview(None, ENDS)
