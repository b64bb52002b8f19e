"""The site: built without a warning, no link of it broken, nothing loaded from a network."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from house import ROOT

DOCS = ROOT / "docs"
pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("mkdocs") is None, reason="the extra docs is not installed"
)
# The page of the tool that made it, which its footer names.
CREDIT = "https://squidfunk.github.io/mkdocs-material/"


class Links(HTMLParser):
    """Where a page leads, what it loads, and the places in it."""

    def __init__(self, text: str) -> None:
        """Read a page."""
        super().__init__()
        self.leads: set[str] = set()
        self.loads: set[str] = set()
        self.places: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what an element refers to."""
        given = {name: value for name, value in attrs if value}
        self.places |= {given[name] for name in ("id", "name") if name in given}
        if "href" in given:
            (self.leads if tag == "a" else self.loads).add(given["href"])
        if "src" in given:
            self.loads.add(given["src"])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--site-dir", str(folder)],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    assert "WARNING" not in done.stdout and "which is excluded" not in done.stdout, done.stdout
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Links]:
    return {path: Links(path.read_text("utf-8")) for path in site.rglob("*.html")}


def test_every_page_is_built(site: Path, pages: dict[Path, Links]) -> None:
    sources = {path.relative_to(DOCS).with_suffix(".html") for path in DOCS.rglob("*.md")}
    built = {path.relative_to(site) for path in pages if "reports" not in path.parts}
    assert built == sources - {Path("README.html")} | {Path("index.html"), Path("404.html")}


def test_no_link_is_broken(pages: dict[Path, Links]) -> None:
    broken = []
    for page, links in pages.items():
        # Of a server's root, whatever that is.
        if page.name == "404.html" or "reports" in page.parts:
            continue
        for link in links.leads | links.loads:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            if target.is_dir():
                target /= "index.html"
            there = target.is_file()
            if there and parts.fragment and target in pages:
                there = unquote(parts.fragment) in pages[target].places
            if not there:
                broken.append((page.name, link))
    assert broken == []


def test_nothing_is_loaded_from_a_network(pages: dict[Path, Links]) -> None:
    loaded = {link for links in pages.values() for link in links.loads if urlsplit(link).netloc}
    assert loaded == set()
    assert all(CREDIT in links.leads for page, links in pages.items() if page.name == "index.html")


def test_the_reference_shows_what_is_exported(site: Path) -> None:
    text = (site / "reference" / "geometry.html").read_text("utf-8")
    for name in ("geodesic.geodesic", "barycenter.barycenter", "options.GeodesicOptions"):
        assert f'id="elpips.geometry.{name}"' in text
    # A docstring's table of parameters, not its source.
    plain = re.sub(r"<[^>]+>", "", text)
    assert "N + 1, both ends counted; at least 3." in plain


def test_reports_are_linked_where_there_are_some(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("site_hooks", DOCS / "site_hooks.py")
    assert spec is not None and spec.loader is not None
    hooks = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hooks)
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "loop.html").touch()
    text = "a\n<!-- report loop -->\n<!-- report stars -->\n"
    shown = hooks.on_page_markdown(text, page=None, config={"docs_dir": str(tmp_path)})
    assert shown == "a\n[Its report](reports/loop.html)\n\n"
    index = "# T\n\n## How to\n\n- [A b](b.md): c\n"
    assert hooks.navigation(index)[1:] == [{"How to": [{"A b": "b.md"}]}]
