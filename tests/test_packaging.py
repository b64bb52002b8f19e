"""What is installed: one import package, which others' modules of any name leave alone."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import site
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
FOLDERS = PROJECT["tool"]["setuptools"]["package-dir"]
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input"]
# Names that a user's own files, or another wheel's packages, may well have.
COMMON_NAMES = ("metrics", "optim", "geometry", "media", "scripts")


def run(command: list[str | Path], **options: Any) -> str:
    """Run a command and return what it prints; fail with all it printed if it fails."""
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a wheel of the project, built from a copy so that nothing is left in the checkout."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    for folder in FOLDERS.values():
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / folder, source / folder, ignore=ignored)
    command = [*PIP, "wheel", "--quiet", "--no-deps", "--wheel-dir", target, source]
    if has_setuptools():
        run([*command, "--no-build-isolation"])
    else:
        done = subprocess.run(command, capture_output=True, text=True)
        if "No matching distribution found for setuptools" in done.stderr:
            pytest.skip("a wheel needs setuptools, installed or from a package index")
        assert done.returncode == 0, done.stderr
    (built,) = target.glob("*.whl")
    return built


def has_setuptools() -> bool:
    """Whether the setuptools that pyproject.toml asks for is installed."""
    (required,) = PROJECT["build-system"]["requires"]
    try:
        found = importlib.metadata.version("setuptools")
    except importlib.metadata.PackageNotFoundError:
        return False
    return int(found.split(".")[0]) >= int(required.removeprefix("setuptools>="))


def write_other_wheel(folder: Path) -> Path:
    """Write a wheel with top-level packages `metrics` and `scripts`, as others have them."""
    path = folder / "other-1.0-py3-none-any.whl"
    files = {
        "metrics/__init__.py": "raise ImportError('the other metrics')\n",
        "scripts/__init__.py": "",
        "scripts/cli.py": "def main():\n    raise SystemExit('the other command')\n",
        "other-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: other\nVersion: 1.0\n",
        "other-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any",
    }
    record = "other-1.0.dist-info/RECORD"
    files[record] = "".join(f"{name},,\n" for name in [*files, record])
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


class Environment:
    """A virtual environment with wheels, and with what this one has besides the project."""

    def __init__(self, folder: Path, wheels: list[Path]) -> None:
        run([sys.executable, "-m", "venv", "--without-pip", folder])
        self.bin = folder / ("Scripts" if os.name == "nt" else "bin")
        self.python = self.bin / "python"
        where = "import sysconfig; print(sysconfig.get_path('purelib'))"
        self.packages = Path(run([self.python, "-c", where]).strip())
        for wheel in wheels:
            self.pip("install", "--quiet", "--no-deps", "--no-index", wheel)

    def pip(self, *arguments: str | Path) -> None:
        """Call pip for this environment."""
        run([*PIP, "--python", self.python, *arguments])

    def add_dependencies(self) -> None:
        """Let this environment see the packages of the one that runs the tests.

        Their own .pth files, so an editable install of the project, are not followed.
        pip must not be called any more: it would take those packages for this environment's.
        """
        lines = "\n".join(site.getsitepackages())
        (self.packages / "dependencies.pth").write_text(lines, "utf-8")


@pytest.fixture(scope="module")
def alone(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    return Environment(tmp_path_factory.mktemp("alone"), [wheel])


@pytest.fixture(scope="module")
def user_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with two pictures and modules that must not be imported."""
    folder = tmp_path_factory.mktemp("user")
    for name in COMMON_NAMES:
        (folder / f"{name}.py").write_text("raise ImportError(f'the user\\'s {__name__}')\n")
    for name, level in (("a.png", 0), ("b.png", 255)):
        Image.new("RGB", (16, 16), (level,) * 3).save(folder / name)
    return folder


def test_every_package_is_listed() -> None:
    found = {
        ".".join([name, *init.parent.relative_to(ROOT / folder).parts])
        for name, folder in FOLDERS.items()
        for init in (ROOT / folder).rglob("__init__.py")
    }
    assert sorted(PROJECT["tool"]["setuptools"]["packages"]) == sorted(found)


def test_the_repository_has_no_python_outside_of_a_package() -> None:
    loose = [
        path
        for folder in FOLDERS.values()
        for path in (ROOT / folder).rglob("*.py")
        if not (path.parent / "__init__.py").exists()
    ]
    assert loose == []


@pytest.mark.slow
def test_one_import_package_is_installed(alone: Environment) -> None:
    found = {path.name for path in alone.packages.iterdir()} - {"dependencies.pth"}
    version = PROJECT["project"]["version"]
    assert found == {"elpips", f"elpips_geometry-{version}.dist-info"}
    (metadata,) = alone.packages.glob("*.dist-info")
    assert (metadata / "top_level.txt").read_text("utf-8").split() == ["elpips"]


@pytest.mark.slow
def test_every_file_of_the_package_is_installed(alone: Environment) -> None:
    expected = {
        Path(*name.split("."), path.relative_to(ROOT / folder))
        for name, folder in FOLDERS.items()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    found = {
        path.relative_to(alone.packages)
        for path in (alone.packages / "elpips").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert found == expected
    assert {Path("elpips/py.typed"), Path("elpips/__init__.pyi")} <= found
    assert any(path.suffix == ".safetensors" for path in found)


@pytest.mark.slow
@pytest.mark.parametrize("first", [True, False], ids=["before the other", "after the other"])
def test_it_works_beside_modules_of_common_names(
    wheel: Path, user_folder: Path, tmp_path: Path, first: bool
) -> None:
    wheels = [wheel, write_other_wheel(tmp_path)]
    environment = Environment(tmp_path / "venv", wheels if first else wheels[::-1])
    environment.add_dependencies()
    assert (environment.packages / "scripts" / "cli.py").is_file()

    def call(*command: str | Path) -> str:
        options = os.environ | {"PYTHONPATH": str(user_folder)}
        return run(list(command), cwd=user_folder, env=options)

    where = "import elpips; print(elpips.__file__); elpips.create_metric('l2')"
    loaded = Path(call(environment.python, "-c", where).strip())
    assert loaded == environment.packages / "elpips" / "__init__.py"
    command = environment.bin / "elpips"
    said = call(command, "distance", "a.png", "b.png", "--metric", "l2")
    assert said.split()[:2] == ["distance", "1"]
    version = PROJECT["project"]["version"]
    assert call(environment.python, "-m", "elpips", "--version") == f"elpips {version}\n"


@pytest.mark.slow
def test_the_command_outlives_the_other_wheel(wheel: Path, tmp_path: Path) -> None:
    environment = Environment(tmp_path / "venv", [wheel, write_other_wheel(tmp_path)])
    environment.pip("uninstall", "--quiet", "--yes", "other")
    environment.add_dependencies()
    assert not (environment.packages / "scripts").exists()
    assert run([environment.bin / "elpips", "--version"]).startswith("elpips ")


@pytest.mark.slow
def test_a_user_sees_types(alone: Environment, tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    alone.add_dependencies()
    names = ["geodesic", "barycenter", "create_metric", "read_image", "__version__"]
    lines = ["import elpips", *(f"reveal_type(elpips.{name})" for name in names)]
    (tmp_path / "user.py").write_text("\n".join([*lines, "elpips.geodesic(1)", ""]), "utf-8")
    command = [sys.executable, "-m", "mypy", "--python-executable", alone.python, "user.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    revealed = [line for line in done.stdout.splitlines() if "Revealed type" in line]
    assert len(revealed) == len(names), done.stdout + done.stderr
    assert not [line for line in revealed if 'type is "Any"' in line]
    assert "-> elpips.geometry" in revealed[0]
    assert "error: Missing positional argument" in done.stdout
