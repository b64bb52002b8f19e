from __future__ import annotations

from pathlib import Path

import pytest

from elpips.media.names import in_order


@pytest.mark.parametrize(
    ("names", "ambiguous"),
    [
        ("2 10", False),
        ("t0 t0.125 t0.25 t0.5 t0.75 t1", True),
        ("0,125 0,5", True),
        ("v1.9 v1.10", True),
        ("1.1 1.2 1.9 1.10", True),
        ("2024.01.02 2024.01.10", False),
        ("frame-1 frame-2 frame-10", False),
        ("t-1 t-0.5 t0 t0.5", True),
        ("1e-05 0.001 0.5 1.0", True),
        ("①1 ①2 ①10 ②1", False),
        ("\u0663 \u0661\u0660", False),
        ("½ ² ³ Ⅳ", False),
        ("001 01 1", True),
        ("0001 0002 0010", False),
    ],
)
def test_numbers_count_by_their_value(names: str, ambiguous: bool) -> None:
    ordered = [Path(f"{name}.png") for name in names.split()]
    assert in_order(ordered[::-1]) == (ordered, ambiguous)


def test_letters_are_alike_however_they_are_composed() -> None:
    ordered = [Path("é2.png"), Path("e\u0301" + "10.png")]
    assert in_order(ordered[::-1]) == (ordered, False)
