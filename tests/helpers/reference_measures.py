"""The reference scripts of the measures, read where they lie."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


def reference_measure(shared: Path, name: str) -> ModuleType:
    """Load ``measures/NAME.py`` of the shared folder, or skip."""
    path = shared / "measures" / f"{name}.py"
    if not path.is_file():
        pytest.skip(f"{path} is not there: no reference measure to compare with")
    spec = importlib.util.spec_from_file_location(f"reference_{name}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
