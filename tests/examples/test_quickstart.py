"""The notebook: its cells run in their order, and what they end with shows itself."""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from house import ROOT

NOTEBOOK = json.loads((ROOT / "examples" / "quickstart.ipynb").read_text("utf-8"))
CODE = ["".join(cell["source"]) for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code"]


def run(cell: str, names: dict[str, Any]) -> Any:
    """Run a cell and return what a notebook would show below it: its last expression."""
    tree = ast.parse(cell)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), names)
    if last is None:
        return None
    return eval(compile(ast.Expression(last.value), "cell", "eval"), names)


def picture(data: bytes, format: str) -> bytes:
    """Stand for IPython's, which need not be here."""
    return data


def test_the_notebook_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    strips: list[bytes] = []
    show = SimpleNamespace(display=lambda data, display_id: strips.append(data), Image=picture)
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(display=show, version_info=(9, 0)))
    names: dict[str, Any] = {}
    html, pictures = [], []
    for cell in CODE:
        # A metric that takes no network.
        small = cell.replace('"elpips_vgg"', '"l2"').replace("size=64", "size=32")
        shown = run(small.replace("steps=40", "steps=4"), names)
        # Shown at once: what is known may grow.
        html += [text] if (text := getattr(shown, "_repr_html_", str)()) else []
        pictures += [shown._repr_png_()] if hasattr(shown, "_repr_png_") else []
    assert [text.count("<img") for text in html] == [2, 2, 4]
    assert "computed when you ask" in html[0] and "excess" in html[1]
    assert len(strips) == 1 and strips[0].startswith(b"\x89PNG")
    assert len(pictures) == 2 and all(each.startswith(b"\x89PNG") for each in pictures)
    assert {path.name for path in tmp_path.iterdir()} >= {"middle.png", "path.gif"}


def test_it_is_stored_without_results() -> None:
    for cell in NOTEBOOK["cells"]:
        assert not cell.get("outputs") and cell.get("execution_count") is None
    assert len({cell["id"] for cell in NOTEBOOK["cells"]}) == len(NOTEBOOK["cells"])
