"""The gallery: runs by the commands it shows, and not twice; the code beside them does the same."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from PIL import Image

from elpips.media import read_frames, read_image, sample_names
from elpips.scripts.command_tree import ELPIPS
from house import ROOT

SMALL = ["--size", "20", "--steps", "2", "--more", "--metric l2"]


@pytest.fixture(scope="module")
def gallery() -> ModuleType:
    spec = importlib.util.spec_from_file_location("gallery", ROOT / "docs" / "gallery.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Its dataclass looks its module up.
    sys.modules["gallery"] = module
    spec.loader.exec_module(module)
    return module


def test_items_are_of_samples_and_commands(gallery: ModuleType) -> None:
    assert len({item.name for item in gallery.ITEMS}) == len(gallery.ITEMS) >= 12
    for item in gallery.ITEMS:
        assert item.command in ELPIPS.commands
        assert set(item.inputs) <= set(sample_names())
    assert gallery.main(["no-such-item"]) == 2


def test_the_page_of_the_documentation_shows_every_item(gallery: ModuleType) -> None:
    text = (ROOT / "docs" / "gallery.md").read_text("utf-8")
    for item in gallery.ITEMS:
        assert f"## {item.title}" in text and item.words in text
        with Image.open(ROOT / "docs" / "images" / "gallery" / f"{item.name}.webp") as picture:
            assert getattr(picture, "is_animated", False) == item.is_path


def test_what_is_shown_is_what_was_run(
    gallery: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outdir, docs = tmp_path / "out", tmp_path / "docs"
    names = ["tissue", "between-tissues"]
    assert gallery.main([*names, "--outdir", str(outdir), "--docs", str(docs), *SMALL]) == 0
    text = (docs / "gallery.md").read_text("utf-8")
    items = [item for item in gallery.ITEMS if item.name in names]
    # The library finds the same pictures, rounded to the files' eight bits.
    monkeypatch.chdir(outdir / "pictures")
    for item in items:
        assert item.line(20, 2) in text and item.python(20, 2) in text
        space: dict[str, Any] = {}
        code = item.python(20, 2).replace(", steps=", ', metric="l2", steps=')
        exec(f"import elpips\n{code}", space)
        run = outdir / "runs" / item.name
        if item.is_path:
            ours, theirs = space["path"].frames, read_frames(run / "frames")
        else:
            ours, theirs = space["mean"].image, read_image(run / "barycenter.png")
        torch.testing.assert_close(ours, theirs, atol=0.5 / 255 + 1e-6, rtol=0)
    # A second call finds all done.
    written = [path.stat().st_mtime_ns for path in sorted(outdir.glob("runs/*/run.json"))]
    assert gallery.main([*names, "--outdir", str(outdir), *SMALL]) == 0
    again = [path.stat().st_mtime_ns for path in sorted(outdir.glob("runs/*/run.json"))]
    assert len(written) == 2 and again == written
