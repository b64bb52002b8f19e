"""``elpips weights``: which weights are where, and getting those that are missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import tyro

from ...metrics.recipes import RECIPES
from ...metrics.weights import WeightsStatus, fetch, inventory
from ..runs.tables import format_table, print_json


def list_command(*, json: bool = False) -> int:
    """List the weights, the files they would be read from, and how to get the missing ones.

    Nothing is downloaded or opened.

    Parameters
    ----------
    json
        Print JSON.
    """
    found = inventory()
    if json:
        print_json(found)
        return 0
    print(_table(found))
    print()
    print(_readiness(found))
    missing = [f"{each.name}: {each.how}" for each in found if each.found is None]
    if missing:
        print("\n" + "\n".join(missing))
    return 0


def fetch_command(
    names: Annotated[
        tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="[NAME ...]")
    ] = (),
) -> int:
    """Put weights into the user's cache; from there they are read without a network.

    Parameters
    ----------
    names
        Weights as `elpips weights` lists them, or metrics; everything by default.
    """
    wanted = tuple(name for name in names if name != "lipsim")
    if len(wanted) < len(names):
        print("lipsim: its network comes along, there is nothing to fetch")
    if wanted or not names:
        print(_table(fetch(wanted or None)))
    return 0


def _table(found: Sequence[WeightsStatus]) -> str:
    header = ("name", "size", "sha256", "file")
    rows = [(each.name, _size(each.size), each.sha256[:8], _place(each)) for each in found]
    return format_table([header, *rows], "<>><")


def _place(status: WeightsStatus) -> str:
    if status.found is None:
        return "missing"
    return f"damaged: {status.found}" if status.sha256 == "damaged" else status.found


def _readiness(found: Sequence[WeightsStatus]) -> str:
    """Say of each metric whether it can be used as it is."""
    present = {each.name for each in found if each.found is not None}
    rows = [("metric", "state")]
    for metric, recipe in RECIPES.items():
        lacking = [name for name in (recipe.trunk, recipe.linear) if name not in present]
        state = f"lacks {' and '.join(lacking)}" if lacking else "ready"
        if lacking == [recipe.linear] and recipe.stand_in in present:
            state += f"; {recipe.stand_in} stands in, on another scale"
        elif lacking == [recipe.linear] and (recipe.stand_in or "").endswith(".safetensors"):
            state += "; the project's own calibration takes its place"
        rows.append((metric, state))
    # Its file is in the package; a folder in ELPIPS_WEIGHTS may hold another.
    rows.append(("lipsim", "ready; its network comes along"))
    return format_table(rows, "<<")


def _size(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e3:.1f} kB"
