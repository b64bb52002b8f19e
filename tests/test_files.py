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
    "scripts/command_tree.py": "tests/scripts/test_cli.py",
    "scripts/calibration/networks.py": "tests/scripts/calibration/test_evaluate.py",
    "scripts/calibration/scores.py": "tests/scripts/calibration/test_evaluate.py",
    "scripts/calibration/triplets.py": "tests/scripts/calibration/test_make_set.py",
    "scripts/calibration/set_record.py": "tests/scripts/calibration/test_make_set.py",
    "scripts/calibration/random_numbers.py": "tests/scripts/calibration/test_families.py",
    "scripts/parity/fields.py": "tests/scripts/parity/test_cases.py",
    "scripts/parity/report.py": "tests/scripts/parity/test_check.py",
}
# Test files of more than one module, and what they test.
TESTS_OF_MANY = {
    "tests/geometry/test_checkpoint_writing.py": "checkpoints on full disks",
    "tests/metrics/test_published.py": "distances against published ones",
    "tests/scripts/commands/test_interrupted.py": "Ctrl-C in a real process",
    "tests/metrics/weights/test_real.py": "the real weights, where they are at hand",
}

# Extras that nothing of the package imports.
DEVELOPMENT = {"test", "dev", "docs"}

FILES = sorted(path.relative_to(ROOT) for path in MODULES.values())
TESTS = sorted(path.relative_to(ROOT) for path in (ROOT / "tests").rglob("*.py"))
TEXTS = sorted(
    path.relative_to(ROOT)
    for pattern in (
        "*.md",
        "*.toml",
        "*.txt",
        "Makefile",
        "docs/**/*.md",
        "outputs/*.md",
        ".ci/*",
        "examples/**/*.py",
        "examples/**/*.md",
    )
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


def test_every_module_has_a_test_file() -> None:
    missing = [
        str(path)
        for path in FILES
        if path.parts[0] != "elpips" and path.name != "__init__.py" and str(path) not in TESTED_IN
        if not (ROOT / "tests" / path.parent / f"test_{path.name}").is_file()
    ]
    assert not missing, "\n".join(missing)


def test_every_test_file_names_a_module() -> None:
    strays = [
        str(path)
        for path in TESTS
        if path.name.startswith("test_") and path.parts[1] in FOLDERS.values()
        if str(path) not in TESTS_OF_MANY
        if not (ROOT / Path(*path.parts[1:-1]) / path.name.removeprefix("test_")).is_file()
    ]
    assert not strays, "\n".join(strays)


def test_the_exceptions_are_needed() -> None:
    for module, test in TESTED_IN.items():
        assert (ROOT / module).is_file(), module
        assert (ROOT / test).is_file(), test
        own = ROOT / "tests" / Path(module).parent / f"test_{Path(module).name}"
        assert not own.exists(), own
    for test in TESTS_OF_MANY:
        assert (ROOT / test).is_file(), test


def test_what_is_imported_is_declared_and_what_is_declared_is_imported() -> None:
    imported = {
        name.split(".")[0]
        for module, path in MODULES.items()
        for name in imports(path.read_text("utf-8"), package_of(module))
    }
    third_party = imported - {"elpips", "__future__"} - sys.stdlib_module_names
    installed = importlib.metadata.packages_distributions()
    # An extra may be missing here; its module has the distribution's name.
    needed = {normalised(installed.get(name, [name])[0]) for name in third_party}
    # The extras that modules of the package need, apart from those of its development.
    extras = PROJECT["project"]["optional-dependencies"]
    optional = [each for name in extras.keys() - DEVELOPMENT for each in extras[name]]
    declared = {
        normalised(re.split(r"[^\w.-]", requirement)[0])
        for requirement in [*PROJECT["project"]["dependencies"], *optional]
    }
    assert needed == declared


def normalised(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


@pytest.mark.parametrize("folder", ["home", "tmp", "Users"])
def test_local_paths_are_found(folder: str) -> None:
    assert LOCAL_PATH.search(f'open("/{folder}/someone/a.png")')
    assert LOCAL_PATH.search(f"see /{folder}/a")
    assert not LOCAL_PATH.search(f"shared/{folder}/a, ../{folder}/a, https://host/{folder}/a")
