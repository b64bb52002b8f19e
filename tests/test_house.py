"""The house keeps its own rules: storeys, short modules, no paths of one machine."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MAX_LINES = 300

# What each storey may import of the house.
STOREYS = {
    "metrics": {"metrics"},
    "optim": {"optim"},
    "geometry": {"geometry", "metrics", "optim"},
    "scripts": {"geometry", "metrics", "optim", "scripts"},
}
# Storeys of which the third-party imports are limited too.
THIRD_PARTY = {"optim": {"torch", "tqdm"}}

MODULES = sorted(
    path.relative_to(ROOT)
    for folder in (*STOREYS, "tests")
    for path in (ROOT / folder).rglob("*.py")
)
TEXTS = sorted(
    path.relative_to(ROOT)
    for pattern in ("*.md", "*.toml", "*.txt", "Makefile", "docs/**/*.md", "outputs/*.md", ".ci/*")
    for path in ROOT.glob(pattern)
)
# Folders at the root of a file system that only one machine or one user has.
LOCAL_PATH = re.compile(r"(?<![\w.:/~-])/(?:home|root|work|tmp|Users|mnt|opt|scratch)/\w")


def imported(source: str, module: str) -> Iterator[str]:
    """Yield the absolute names that the source of `module` imports, anywhere in it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            # Of a relative import, as many names are left as there are no dots for.
            base = module.split(".")[: -node.level] if node.level else []
            yield ".".join([*base, *([node.module] if node.module else [])])
        elif isinstance(node, ast.Call) and node.args:
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            first = node.args[0]
            if name in ("import_module", "__import__") and isinstance(first, ast.Constant):
                yield str(first.value)


def forbidden(source: str, module: str) -> list[str]:
    """List the imports that the storey of `module` may not make."""
    storey = module.split(".")[0]
    found = []
    for name in imported(source, module):
        top = name.split(".")[0]
        if top in {*STOREYS, "tests", ""}:
            bad = top not in STOREYS[storey]
        else:
            limit = THIRD_PARTY.get(storey)
            bad = limit is not None and top not in limit and top not in sys.stdlib_module_names
        if bad:
            found.append(name)
    return found


def dotted(path: Path) -> str:
    """Dotted name of a module; a package's own module keeps its ``__init__``."""
    return ".".join(path.with_suffix("").parts)


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_modules_are_short(path: Path) -> None:
    assert len((ROOT / path).read_text("utf-8").splitlines()) < MAX_LINES


@pytest.mark.parametrize("path", [p for p in MODULES if p.parts[0] in STOREYS], ids=str)
def test_storeys_import_only_from_below(path: Path) -> None:
    assert forbidden((ROOT / path).read_text("utf-8"), dotted(path)) == []


@pytest.mark.parametrize("path", [*MODULES, *TEXTS], ids=str)
def test_no_file_names_a_path_of_one_machine(path: Path) -> None:
    assert LOCAL_PATH.findall((ROOT / path).read_text("utf-8", errors="replace")) == []


@pytest.mark.parametrize(
    ("module", "source", "expected"),
    [
        ("metrics.a", "import numpy, torch.nn, os\nfrom metrics import b", []),
        ("metrics.a", "import optim.adam", ["optim.adam"]),
        ("metrics.a", "def f():\n    from scripts.cli import main", ["scripts.cli"]),
        ("metrics.a", "import importlib\nimportlib.import_module('geometry')", ["geometry"]),
        ("metrics.a", "__import__('optim')", ["optim"]),
        ("metrics.a", "from . import b\nfrom .b import c", []),
        ("metrics.a", "from ..optim import c", ["optim"]),
        ("metrics.__init__", "from .a import b", []),
        ("metrics.w.__init__", "from .. import a\nfrom ... import optim", [""]),
        ("optim.a", "import math, torch\nfrom tqdm import tqdm\nfrom optim.b import c", []),
        (
            "optim.a",
            "import numpy\nfrom metrics.errors import InputError",
            ["numpy", "metrics.errors"],
        ),
        ("geometry.a", "import metrics, optim, geometry.b, numpy", []),
        ("geometry.a", "from scripts import images", ["scripts"]),
        ("scripts.a", "import metrics, optim, geometry, scripts.b, tests.x", ["tests.x"]),
    ],
)
def test_forbidden_imports_are_found(module: str, source: str, expected: list[str]) -> None:
    assert forbidden(source, module) == expected


@pytest.mark.parametrize("folder", ["home", "tmp", "Users"])
def test_local_paths_are_found(folder: str) -> None:
    assert LOCAL_PATH.search(f'open("/{folder}/someone/a.png")')
    assert LOCAL_PATH.search(f"see /{folder}/a")
    assert not LOCAL_PATH.search(f"shared/{folder}/a, ../{folder}/a, https://host/{folder}/a")
