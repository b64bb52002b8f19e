"""The pages keep their promises: links, commands, names and size."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import elpips
from elpips.scripts.command_tree import ELPIPS, Command

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
LINK = re.compile(r"\[[^\]]*\]\((?!https?://)([^)#\s]+)[^)]*\)")
COMMAND = re.compile(r"(?:^    |`)elpips ([a-z][a-z0-9-]*)(?: ([a-z][a-z0-9-]*))?", re.M)
PYTHON = re.compile(r"```python\n(.*?)```", re.S)


def leaves(command: Command = ELPIPS, *names: str) -> Iterator[tuple[str, ...]]:
    """Yield the names of every command that can be called."""
    if command.target:
        yield names
    for name, child in command.commands.items():
        yield from leaves(child, *names, name)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    missing = [link for link in LINK.findall(page.read_text()) if not (page.parent / link).exists()]
    assert missing == []


def test_the_readme_leads_and_is_short() -> None:
    assert len((ROOT / "README.md").read_bytes()) <= 8500


def test_every_page_is_in_the_index() -> None:
    index = LINK.findall((DOCS / "README.md").read_text())
    pages = {page.relative_to(DOCS).as_posix() for page in PAGES[1:]} - {"README.md"}
    assert pages == {link for link in index if link.endswith(".md")}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_that_are_named_exist(page: Path) -> None:
    for first, second in COMMAND.findall(page.read_text()):
        assert first in ELPIPS.commands, first
        group = ELPIPS.commands[first].commands
        assert not group or second in group or ELPIPS.commands[first].default, (first, second)


def test_every_command_is_explained() -> None:
    text = (ROOT / "docs/commands.md").read_text()
    for names in leaves():
        assert re.search(rf"\b{re.escape(names[-1])}\b", text), names


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_is_python_and_names_exist(page: Path) -> None:
    for block in PYTHON.findall(page.read_text()):
        for node in ast.walk(ast.parse(block)):
            if (
                isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Name)
                and node.value.id == "elpips"
            ):
                assert node.attr in elpips.__all__
