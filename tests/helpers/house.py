"""The modules of the package and what their source says: imports and calls."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
# Folders of the package, by its dotted name: {"elpips": "elpips", "elpips.optim": "optim", ...}.
FOLDERS: dict[str, str] = PROJECT["tool"]["setuptools"]["package-dir"]


def find_modules() -> dict[str, Path]:
    """Return the file of each module by its dotted name, a package's own by the package's."""
    found = {}
    for name, folder in FOLDERS.items():
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT / folder).with_suffix("").parts
            found[".".join([name, *(part for part in parts if part != "__init__")])] = path
    return found


MODULES = find_modules()


def package_of(module: str) -> str:
    """Return the package that relative imports of a module start from."""
    is_package = module in MODULES and MODULES[module].name == "__init__.py"
    return module if is_package else module.rpartition(".")[0]


def imports(source: str, package: str, *, types: bool = True) -> Iterator[str]:
    """Yield the absolute dotted names that a module in ``package`` imports, anywhere in it.

    ``from ..metrics import InputError`` is ``elpips.metrics.InputError``; too many dots leave an
    empty first part. Without ``types``, what stands under ``if TYPE_CHECKING`` is left out.
    """
    todo: list[ast.AST] = [ast.parse(source)]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            todo += node.orelse if not types else [*node.body, *node.orelse]
            continue
        todo += ast.iter_child_nodes(node)
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            up = package.split(".")
            base = up[: max(0, len(up) + 1 - node.level)] or [""] if node.level else []
            base = [*base, *([node.module] if node.module else [])]
            yield from (".".join([*base, alias.name]) for alias in node.names)
        elif isinstance(node, ast.Call) and node.args:
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            first = node.args[0]
            if name in ("import_module", "__import__") and isinstance(first, ast.Constant):
                yield str(first.value)


def imported_modules(module: str, *, types: bool = True) -> set[str]:
    """Return the modules of the package that a module imports, by their dotted names."""
    found = set()
    source = MODULES[module].read_text("utf-8")
    for name in imports(source, package_of(module), types=types):
        while name and name not in MODULES:
            name = name.rpartition(".")[0]
        found.add(name)
    return found - {"", module}


def callers(source: str, name: str) -> set[str]:
    """Return the functions ("f", "C.f", "" for the module) that call ``name`` or ``x.name``."""

    def visit(node: ast.AST, inside: str) -> Iterator[str]:
        called = node.func if isinstance(node, ast.Call) else None
        if getattr(called, "id", getattr(called, "attr", None)) == name:
            yield inside
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            inside = f"{inside}.{node.name}".lstrip(".")
        for child in ast.iter_child_nodes(node):
            yield from visit(child, inside)

    return set(visit(ast.parse(source), ""))
