"""The files of the house: short, of no one machine, each with its tests, nothing undeclared."""

from __future__ import annotations

import importlib.metadata
import re
import sys
from pathlib import Path

import pytest

from house import FOLDERS, MODULES, PROJECT, ROOT, imports, package_of

MAX_LINES = 300

# Modules without a test file of their name, and the one that tests them.
TESTED_IN = {
    "metrics/errors.py": "tests/scripts/test_cli.py",
    "metrics/weights/types.py": "tests/metrics/weights/test_load.py",
    "optim/problem.py": "tests/optim/test_driver.py",
    "optim/run.py": "tests/optim/test_driver.py",
    "optim/solver.py": "tests/optim/test_driver.py",
    "scripts/command_tree.py": "tests/scripts/test_cli.py",
}
# Test files of more than one module, and what they test.
TESTS_OF_MANY = {
    "tests/metrics/test_metrics.py": "what every metric keeps",
    "tests/metrics/test_published.py": "distances against published ones",
    "tests/metrics/weights/test_real.py": "the real weights, where they are at hand",
}

FILES = sorted(path.relative_to(ROOT) for path in MODULES.values())
TESTS = sorted(path.relative_to(ROOT) for path in (ROOT / "tests").rglob("*.py"))
TEXTS = sorted(
    path.relative_to(ROOT)
    for pattern in ("*.md", "*.toml", "*.txt", "Makefile", "docs/**/*.md", "outputs/*.md", ".ci/*")
    for path in ROOT.glob(pattern)
)
# Folders at the root of a file system that only one machine or one user has.
LOCAL_PATH = re.compile(r"(?<![\w.:/~-])/(?:home|root|work|tmp|Users|mnt|opt|scratch)/\w")
# Defaults read off other functions, and arguments passed on by name unseen.
HIDDEN_ARGUMENTS = re.compile(r"\bdefault_[o]f\b|\blocals\(\s*\)")


def read(path: Path) -> str:
    return (ROOT / path).read_text("utf-8", errors="replace")


@pytest.mark.parametrize("path", [*FILES, *TESTS], ids=str)
def test_modules_are_short(path: Path) -> None:
    assert len(read(path).splitlines()) < MAX_LINES


@pytest.mark.parametrize("path", [*FILES, *TESTS, *TEXTS], ids=str)
def test_no_file_names_a_path_of_one_machine(path: Path) -> None:
    assert LOCAL_PATH.findall(read(path)) == []


def test_arguments_are_passed_on_in_sight() -> None:
    hidden = {str(path): HIDDEN_ARGUMENTS.findall(read(path)) for path in [*FILES, *TESTS]}
    found = [path for path, matches in hidden.items() if matches]
    assert not found, "\n".join(found)








def test_what_is_imported_is_declared_and_what_is_declared_is_imported() -> None:
    imported = {
        name.split(".")[0]
        for module, path in MODULES.items()
        for name in imports(path.read_text("utf-8"), package_of(module))
    }
    third_party = imported - {"elpips", "__future__"} - sys.stdlib_module_names
    installed = importlib.metadata.packages_distributions()
    needed = {normalised(installed[name][0]) if name in installed else name for name in third_party}
    declared = {
        normalised(re.split(r"[^\w.-]", requirement)[0])
        for requirement in PROJECT["project"]["dependencies"]
    }
    assert needed == declared


def normalised(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


@pytest.mark.parametrize("folder", ["home", "tmp", "Users"])
def test_local_paths_are_found(folder: str) -> None:
    assert LOCAL_PATH.search(f'open("/{folder}/someone/a.png")')
    assert LOCAL_PATH.search(f"see /{folder}/a")
    assert not LOCAL_PATH.search(f"shared/{folder}/a, ../{folder}/a, https://host/{folder}/a")
