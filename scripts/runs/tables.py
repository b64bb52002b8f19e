"""Results as text on standard output: tables and JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence

from .files import plain


def format_table(rows: Sequence[Sequence[str]], align: str) -> str:
    """Lay out rows of text in columns.

    Parameters
    ----------
    rows
        Cells, as many in every row as `align` has characters.
    align
        Per column "<" (left) or ">" (right).
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    formats = [f"{side}{width}" for side, width in zip(align, widths, strict=True)]
    lines = (map(format, row, formats) for row in rows)
    return "\n".join("  ".join(line).rstrip() for line in lines)


def print_json(value: object) -> None:
    """Print ``value`` on standard output, as `files.plain` makes it."""
    print(json.dumps(plain(value), indent=2, allow_nan=False))
