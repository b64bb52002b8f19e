"""A real Chromium, and reports of small runs to look at in it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from browser_sizes import DESKTOP, PHONE
from elpips.scripts.cli import main

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Start a Chromium of the system's, or Playwright's own; without one, skip."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    given = [os.environ.get("ELPIPS_CHROMIUM"), *map(shutil.which, NAMES)]
    with api.sync_playwright() as playwright:
        own = playwright.chromium.executable_path
        found = next((path for path in [*given, own] if path and Path(path).is_file()), None)
        if found is None:
            pytest.skip(f"no Chromium: none of {', '.join(NAMES)} on the path")
        started = playwright.chromium.launch(executable_path=found)
        yield started
        started.close()


@dataclass
class Runs:
    """Folders of small runs with the L2 metric, each made when it is first asked for."""

    folder: Path
    made: dict[str, Path] = field(default_factory=dict)

    def __call__(self, name: str) -> Path:
        """Return the folder of a run: path, other, circle, image or attack."""
        if name not in self.made:
            self.made[name] = self._make(name)
        return self.made[name]

    def report(self, *names: str) -> Path:
        """Return the page of a run, or of several."""
        folders = [self(name) for name in names]
        if len(folders) == 1:
            return folders[0] / "report.html"
        page = self.folder / "-".join(["page", *names]) / "page.html"
        assert main(["report", *map(str, folders), "--output", str(page)]) == 0
        return page

    def _make(self, name: str) -> Path:
        rng = np.random.default_rng(0)
        files = [self.folder / each for each in ("<b>first & 'one'.png", "second.png", "third.png")]
        for path in files:
            if not path.exists():
                Image.fromarray(rng.integers(0, 256, (33, 41, 3), dtype=np.uint8)).save(path)
        a, b, c = map(str, files)
        path = ["--also", "none", "--animations", "gif"]
        arguments = {
            "path": ["geodesic", a, b, *path, "--frames", "7", "--init", "crisp"],
            "other": ["geodesic", a, b, *path, "--frames", "5", "--init", "nearest"],
            "circle": ["morph", a, b, c, *path, "--loop", "--frames", "4"],
            "image": ["barycenter", a, b, "--init", "noise"],
            "attack": ["attack", "a1", a, b],
        }[name]
        out = self.folder / name
        fast = ["--metric", "l2", "--steps", "60", "--outdir", str(out)]
        assert main([*arguments, *fast]) == 0
        return out


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    return Runs(tmp_path_factory.mktemp("runs"))


Look = Callable[..., Any]


@pytest.fixture
def look(browser: Any) -> Iterator[Look]:
    """Open a file in the browser; at the end nothing may have gone wrong, or been fetched."""
    contexts, faults = [], []

    def open_page(path: Path, size: tuple[int, int] = DESKTOP, scheme: str = "light") -> Any:
        width, height = size
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            has_touch=size == PHONE,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: faults.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: faults.append(f"error: {error}"))
        page.on("request", lambda request: faults.append(request.url) if is_far(request) else None)
        page.goto(path.as_uri())
        page.wait_for_selector("body[data-ready]")
        return page

    def is_far(request: Any) -> bool:
        return not request.url.startswith(("file:", "data:"))

    yield open_page
    for context in contexts:
        context.close()
    assert faults == []
