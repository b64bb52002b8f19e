"""The house keeps its own rules: who imports whom, and who starts solvers."""

from __future__ import annotations

import sys
from graphlib import TopologicalSorter

import pytest

from house import MODULES, ROOT, callers, imported_modules, imports, package_of

# What each storey may import of the package; the facade, "", may import everything.
STOREYS: dict[str, set[str]] = {
    "rgba": set(),
    "metrics": {"metrics", "rgba"},
    "optim": {"optim", "rgba"},
    "media": {"media", "metrics.errors", "metrics.files", "metrics.ownership", "rgba"},
    "geometry": {"geometry", "metrics", "optim", "rgba"},
    "scripts": {"geometry", "media", "metrics", "optim", "rgba", "scripts"},
}
# Storeys of which the third-party imports are limited too.
THIRD_PARTY = {"optim": {"torch"}}

# What each room of scripts may import of the others; "" are the modules of no room. The
# command line knows the rest by name only: a command is imported when it is asked for.
ROOMS: dict[str, set[str]] = {
    "": {""},
    "commands": {"runs"},
    "figures": {"figures", "runs"},
    "benchmarks": {"benchmarks", "runs"},
    "calibration": {"calibration", "runs"},
    "parity": {"parity", "runs"},
    "runs": {"runs"},
}
# Arrows besides: from a module of scripts, or a room, to one of another, or of its own where
# the room's modules do not import each other.
ARROWS = {
    ("commands.demo", "commands"): "the demonstration is two commands with fixed arguments",
    ("commands.batch", "parsing"): "a row is looked at by the parser of its command",
}

# The functions that start and run a solver; everyone else calls the library's.
SOLVING = {
    "start": {
        "geometry.attacks:attack",
        "geometry.barycenter:barycenter",
        "geometry.multilevel:start_path",
    },
    "minimise": {
        "geometry.attacks:attack",
        "geometry.barycenter:barycenter",
        "geometry.multilevel:minimise_path",
    },
    "start_path": {"geometry.geodesic:geodesic"},
    "minimise_path": {"geometry.geodesic:geodesic"},
}


def storey_of(module: str) -> str:
    """Return "metrics" for ``elpips.metrics.base``, "" for the facade."""
    storey = module.partition(".")[2].partition(".")[0]
    return storey if storey in STOREYS else ""


def forbidden(source: str, module: str, package: str) -> list[str]:
    """List the imports that the storey of ``module`` may not make."""
    storey = storey_of(module)
    found = []
    for name in imports(source, package):
        top, _, rest = name.partition(".")
        if top == "elpips":
            allowed = STOREYS.get(storey)
            bad = allowed is not None and not any(
                f"{rest}.".startswith(f"{each}.") for each in allowed
            )
        elif top in {*STOREYS, "tests", ""}:
            bad = True
        else:
            limit = THIRD_PARTY.get(storey)
            bad = limit is not None and top not in limit and top not in sys.stdlib_module_names
        if bad:
            found.append(name)
    return found


def room_of(module: str) -> str:
    """Return "commands" for ``elpips.scripts.commands.demo``, "" for ``elpips.scripts.cli``."""
    room = module.removeprefix("elpips.scripts").lstrip(".").partition(".")[0]
    return room if room in ROOMS else ""


def arrow_allowed(module: str, target: str) -> bool:
    """Whether a module of scripts may import another."""
    if room_of(target) in ROOMS[room_of(module)]:
        return True
    ends = [{name.removeprefix("elpips.scripts."), room_of(name)} for name in (module, target)]
    return any(source in ends[0] and goal in ends[1] for source, goal in ARROWS)


@pytest.mark.parametrize("module", MODULES)
def test_storeys_import_only_from_below(module: str) -> None:
    source = MODULES[module].read_text("utf-8")
    assert forbidden(source, module, package_of(module)) == []


def test_imports_within_the_package_are_relative() -> None:
    # Seen from another package, only an absolute import is of this one.
    absolute = [
        (module, name)
        for module, path in MODULES.items()
        for name in imports(path.read_text("utf-8"), "another.package.altogether")
        if name.split(".")[0] == "elpips"
    ]
    assert absolute == []


def test_rooms_import_only_what_they_may() -> None:
    arrows = [
        (module, name)
        for module in MODULES
        if storey_of(module) == "scripts"
        for name in sorted(imported_modules(module))
        if storey_of(name) == "scripts"
    ]
    assert [arrow for arrow in arrows if not arrow_allowed(*arrow)] == []


def test_every_room_has_a_rule() -> None:
    rooms = {path.parent.name for path in (ROOT / "scripts").glob("*/__init__.py")}
    assert rooms == set(ROOMS) - {""}


def test_every_arrow_listed_is_there() -> None:
    arrows = [(name, other) for name in MODULES for other in imported_modules(name)]
    for source, goal in ARROWS:
        start, end = f"elpips.scripts.{source}", f"elpips.scripts.{goal}"
        assert any(
            f"{name}.".startswith(f"{start}.") and f"{other}.".startswith(f"{end}.")
            for name, other in arrows
        )


def test_no_module_imports_itself_through_others() -> None:
    graph = {name: imported_modules(name, types=False) for name in MODULES}
    TopologicalSorter(graph).prepare()


@pytest.mark.parametrize("name", SOLVING)
def test_only_the_library_starts_solvers(name: str) -> None:
    found = {
        f"{module.removeprefix('elpips.')}:{function}"
        for module in MODULES
        if storey_of(module) != "optim" and imports_name(module, name)
        for function in callers(MODULES[module].read_text("utf-8"), name)
    }
    assert found == SOLVING[name]


def imports_name(module: str, name: str) -> bool:
    """Whether a module imports the function ``name`` of the package, or defines it."""
    source = MODULES[module].read_text("utf-8")
    found = [each for each in imports(source, package_of(module)) if each.startswith("elpips.")]
    return any(each.endswith((f".{name}", ".optim", ".multilevel")) for each in found)


@pytest.mark.parametrize(
    ("module", "source", "expected"),
    [
        ("metrics.a", "import numpy, torch.nn, os\nfrom . import b", []),
        ("metrics.a", "import optim.adam", ["optim.adam"]),
        ("metrics.a", "def f():\n    from ..scripts.cli import main", ["elpips.scripts.cli.main"]),
        ("metrics.a", "import importlib\nimportlib.import_module('geometry')", ["geometry"]),
        ("metrics.a", "__import__('elpips.optim')", ["elpips.optim"]),
        ("metrics.a", "from . import b\nfrom .b import c\nfrom ..metrics import d", []),
        ("metrics.a", "from .. import optim", ["elpips.optim"]),
        ("metrics.w.a", "from ... import optim\nfrom .. import b", ["elpips.optim"]),
        ("metrics.a", "from ... import b", [".b"]),
        ("optim.a", "import math, torch\nfrom .b import c\nfrom ..rgba import d", []),
        ("rgba", "import torch\nfrom .optim import a", ["elpips.optim.a"]),
        (
            "optim.a",
            "import numpy\nfrom ..metrics.errors import E",
            ["numpy", "elpips.metrics.errors.E"],
        ),
        ("media.a", "from ..metrics.errors import InputError\nimport av", []),
        ("media.a", "from ..metrics import InputError", ["elpips.metrics.InputError"]),
        ("geometry.a", "from .. import metrics, optim\nfrom ..metrics.b import c", []),
        ("geometry.a", "from ..media import read", ["elpips.media.read"]),
        (
            "scripts.r.a",
            "from ...media import read\nfrom .. import cli\nimport tests.x",
            ["tests.x"],
        ),
        ("__main__", "from .scripts.cli import main\nfrom . import media", []),
    ],
)
def test_forbidden_imports_are_found(module: str, source: str, expected: list[str]) -> None:
    package = f"elpips.{module}".rpartition(".")[0]
    assert sorted(forbidden(source, f"elpips.{module}", package)) == sorted(expected)


@pytest.mark.parametrize(
    ("module", "target", "expected"),
    [
        ("commands.geodesic", "runs.folder", True),
        ("commands.geodesic", "commands.distance", False),
        ("commands.demo", "commands.geodesic", True),
        ("figures.attack", "figures.ablation", True),
        ("figures.attack", "benchmarks.scale", False),
        ("runs.folder", "commands.demo", False),
        ("cli", "command_tree", True),
        ("cli", "commands.demo", False),
        ("commands.demo", "cli", False),
    ],
)
def test_arrows_between_rooms_are_judged(module: str, target: str, expected: bool) -> None:
    assert arrow_allowed(f"elpips.scripts.{module}", f"elpips.scripts.{target}") == expected


def test_callers_are_found() -> None:
    source = "def f():\n    start(1)\nclass C:\n    def g(self):\n        optim.start()\nstart = 2"
    assert callers(source, "start") == {"f", "C.g"}
