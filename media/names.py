"""The order of names of files: by the values of the numbers in them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path

Key = list[tuple[Decimal, str]]

_COUNTER = re.compile(r"(\d+)")
_DECIMAL = re.compile(r"(\d+(?:[.,]\d+)?)")
_NUMBER = re.compile(r"([-+]?\d+(?:[.,]\d+)?(?:e[-+]?\d{1,3})?)$")
_FRACTION = re.compile(r"\d+[.,](\d+)")


def in_order(paths: Sequence[Path]) -> tuple[list[Path], bool]:
    """Sort paths by the numbers in their names.

    Numbers count by their value: 2 comes before 10, and 0.125 before 0.5 where what follows
    the points does not look counted (1.1, 1.2, ... 1.10). A sign counts where some names have
    one and others, alike before it, have none.

    Returns
    -------
    paths
        In order; what is equal by value is told apart by the name.
    ambiguous
        Whether another reading of the names would give another order.
    """
    stems = {path: _plain(path.stem) for path in paths}
    orders = [_sorted(stems, key) for key in _readings(list(stems.values()))]
    keys = {str(_split(stem, _COUNTER)) for stem in stems.values()}
    return orders[0], any(order != orders[0] for order in orders[1:]) or len(keys) < len(paths)


def _readings(stems: list[str]) -> list[Callable[[str], Key]]:
    """Return the keys by which the names may be sorted, the likeliest first."""
    found: list[Callable[[str], Key]] = [
        lambda stem: _split(stem, _COUNTER),
        lambda stem: _split(stem, _DECIMAL),
    ]
    if not _counted(stems):
        found.reverse()
    if _is_value(stems):
        found.insert(0, _value)
    return found


def _counted(stems: list[str]) -> bool:
    """Whether what follows the points of numbers is counted: 1.1 ... 1.10, or v2.0.1.7."""
    matches = [_FRACTION.search(stem) for stem in stems]
    parts = [match[1] for match in matches if match]
    values = sorted({int(part) for part in parts})
    whole = all(part == str(int(part)) for part in parts)
    run = len(values) > 1 and values == list(range(values[0], values[0] + len(values)))
    # Decimals of several lengths do not end in zeros: 1.9, 1.10.
    uneven = len({len(part) for part in parts}) > 1
    zeros = uneven and any(len(part) > 1 and part.endswith("0") for part in parts)
    return whole and len(parts) == len(stems) and (run or zeros)


def _is_value(stems: list[str]) -> bool:
    """Whether all names end in one number after the same text, some with a sign or exponent."""
    matches = [_NUMBER.search(stem) for stem in stems]
    numbers = [match[1] for match in matches if match]
    heads = {stem[: match.start()] for stem, match in zip(stems, matches, strict=True) if match}
    if len(numbers) < len(stems) or len(heads) != 1 or re.search(r"\d$", heads.pop()):
        return False
    signed = sum(number[0] in "+-" for number in numbers)
    return 0 < signed < len(numbers) or any("e" in number for number in numbers)


def _value(stem: str) -> Key:
    match = _NUMBER.search(stem)
    return [(Decimal(match[1].replace(",", ".")), "")] if match else []


def _split(stem: str, pattern: re.Pattern[str]) -> Key:
    # What `split` captures, every second part, is a number.
    parts = enumerate(pattern.split(stem))
    return [
        each
        for i, part in parts
        for each in ([(Decimal(part.replace(",", ".")), "")] if i % 2 else _text(part))
    ]


def _text(part: str) -> Key:
    """Split text at characters that are numbers by themselves, such as a digit in a circle."""
    found: Key = []
    rest = ""
    for letter in part:
        value = unicodedata.numeric(letter, None)
        if value is None or unicodedata.category(letter) not in ("No", "Nl"):
            rest += letter
            continue
        found += [(Decimal(-1), rest), (Decimal(repr(value)), "")]
        rest = ""
    return [*found, (Decimal(-1), rest)]


def _sorted(stems: dict[Path, str], key: Callable[[str], Key]) -> list[Path]:
    return sorted(stems, key=lambda path: (key(stems[path]), path.name))


def _plain(stem: str) -> str:
    return unicodedata.normalize("NFC", stem).lower()
