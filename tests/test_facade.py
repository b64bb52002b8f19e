"""What `import elpips` gives, and what it does not load."""

from __future__ import annotations

import ast
import importlib.metadata
import subprocess
import sys

import pytest

import elpips
from house import ROOT

# What the README and the docs call by these names.
PROMISED = {
    "InputError",
    "attack",
    "available_metrics",
    "barycenter",
    "compare",
    "create_metric",
    "estimate",
    "evaluate_path",
    "geodesic",
    "interpolate",
    "morph",
    "read_frames",
    "read_image",
    "read_images",
    "save_animation",
    "save_image",
}


def python(code: str) -> str:
    """Run code in a process of its own and return what it prints."""
    command = [sys.executable, "-c", code]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def stub_names() -> set[str]:
    """Return the names that the stub exports."""
    tree = ast.parse((ROOT / "elpips" / "__init__.pyi").read_text("utf-8"))
    nodes = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    return {alias.asname or alias.name for node in nodes for alias in node.names}


def test_nothing_heavy_is_loaded_before_a_name_is_used() -> None:
    code = "import sys, elpips; dir(elpips); elpips.__version__; print(*sys.modules)"
    loaded = set(python(code).split())
    assert loaded & {"torch", "numpy", "PIL", "matplotlib", "av", "tyro"} == set()
    assert [name for name in loaded if name.startswith("elpips.")] == []


def test_names_are_listed() -> None:
    assert set(elpips.__all__) == stub_names() | {"__version__"}
    assert dir(elpips) == sorted(elpips.__all__)
    assert set(elpips.__all__) >= PROMISED


@pytest.mark.parametrize("name", sorted(stub_names()))
def test_every_name_is_there(name: str) -> None:
    found = getattr(elpips, name)
    assert getattr(found, "__module__", found.__name__).split(".")[0] == "elpips"


def test_a_star_imports_what_is_listed() -> None:
    space: dict[str, object] = {}
    exec("from elpips import *", space)
    assert set(space) - {"__builtins__"} == set(elpips.__all__)


def test_a_function_wins_over_the_module_of_its_name() -> None:
    code = "import elpips, elpips.geometry.geodesic; print(callable(elpips.geodesic))"
    assert python(code) == "True\n"


def test_the_version_is_that_of_the_distribution() -> None:
    assert elpips.__version__ == importlib.metadata.version("elpips-geometry")


def test_a_name_that_does_not_exist_is_named() -> None:
    with pytest.raises(AttributeError, match="geodesik"):
        _ = elpips.geodesik
    assert not hasattr(elpips, "geodesik")


def test_the_module_is_the_command() -> None:
    command = [sys.executable, "-m", "elpips", "--help"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "usage: elpips COMMAND ...")
