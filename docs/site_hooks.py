"""What `mkdocs build` is told besides `mkdocs.yml`: navigation, sources, reports."""

from __future__ import annotations

import ast
import re
import runpy
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
HEADING = re.compile(r"^## (.+)$")
ENTRY = re.compile(r"^- \[([^\]]+)\]\(([^)]+\.md)\)")
EXPORTS = re.compile(r"<!-- exports of (\w+) -->")
REPORT = re.compile(r"<!-- report ([\w-]+) -->")


def on_startup(command: str, dirty: bool) -> None:
    """Lay the package out as it is installed, before anything looks for it there."""
    runpy.run_path(str(ROOT / ".ci" / "typecheck"))["link"]()


def on_config(config: Any) -> Any:
    """Read the navigation off the index."""
    config["nav"] = navigation((Path(config["docs_dir"]) / "README.md").read_text("utf-8"))
    return config


def navigation(index: str) -> list[dict[str, Any]]:
    """Return the pages that an index lists, section by section."""
    found: list[dict[str, Any]] = [{"Overview": "README.md"}]
    for line in index.splitlines():
        if heading := HEADING.match(line):
            found.append({heading[1]: []})
        elif entry := ENTRY.match(line):
            next(iter(found[-1].values())).append({entry[1]: entry[2]})
    return found


def exported(room: str) -> list[str]:
    """Return the dotted names of all that a sub-package exports, where they are defined."""
    tree = ast.parse((ROOT / room / "__init__.py").read_text("utf-8"))
    nodes = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    return [
        f"elpips.{room}.{node.module}.{alias.name}"
        for node in nodes
        for alias in sorted(node.names, key=lambda each: each.name)
    ]


def on_page_markdown(markdown: str, page: Any, config: Any, **_: Any) -> str:
    """List what the pages of the reference are of, and link the gallery to its reports.

    Reports are there where `docs/gallery.py` has left them.
    """
    if room := EXPORTS.search(markdown):
        return markdown + "".join(f"\n::: {name}\n" for name in exported(room[1]))
    reports = Path(config["docs_dir"]) / "reports"

    def link(found: re.Match[str]) -> str:
        name = f"{found[1]}.html"
        return f"[Its report](reports/{name})" if (reports / name).exists() else ""

    return REPORT.sub(link, markdown)
