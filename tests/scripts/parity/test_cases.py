"""Cases on disk: what is wrong with them is said in one line."""

from __future__ import annotations

import numpy as np
import pytest

from parity_cases import failure


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"metric": None}, "case one: metric: found None, expected text"),
        ({"metric": "l3"}, "case one: metric 'l3' is unknown; expected one of "),
        ({"case": "two"}, "case two: there is no array two.distance"),
        ({"case": 5}, "case 5: case: found 5, expected text"),
        ({"top": -1}, "case one: top: found -1, expected an integer of at least 0"),
        ({"width": 0}, "case one: width: found 0, expected an integer of at least 1"),
        ({"height": 12}, "one.gradient is float32 of shape (11, 17, 3), expected numbers of shape"),
        ({"top": 6}, "x.png: 24 x 16 pixels; expected at least 20 x 17 for the crop"),
        ({"image": "z"}, "z.png: no such file"),
        ({"metric": "elpips_vgg"}, "case one: there is no array one.scale_offset_yx"),
        ({"metric": "elpips_vgg", "scale_level": 0}, "scale_level: found 0, expected an integer"),
    ],
    ids=str,
)
def test_bad_cases(capsys, cases, change, expected):
    cases.entry |= change
    assert expected in failure(capsys, cases.write())


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        (
            "distance",
            np.ones((2, 2)),
            "is float64 of shape (2, 2), expected numbers of shape (any)",
        ),
        ("distance", np.ones(0), "of shape (0,), expected numbers"),
        ("distance", np.array(["a"]), "is <U1 of shape (1,)"),
        ("grad_norm", np.ones(2), "of shape (2,), expected numbers of shape (3)"),
        ("scale_offset_yx", np.ones(2), "one.scale_offset_yx has values other than 0 to 0"),
        ("offset_yx", np.full((3, 2), 8), "one.offset_yx has values other than 0 to 7"),
        ("flip", np.full(3, 0.5), "one.flip has values other than 0 to 3"),
        ("channel_permutation", np.full((3, 3), -1), "has values other than 0 to 2"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_arrays(capsys, cases, name, value, expected):
    cases.entry["metric"] = "elpips_vgg"
    cases.arrays |= {
        "one.scale_offset_yx": np.zeros(2),
        "one.offset_yx": np.zeros((3, 2)),
        "one.flip": np.zeros(3),
        "one.channel_permutation": np.zeros((3, 3)),
        "one.color": np.ones((3, 3)),
        f"one.{name}": value,
    }
    assert expected in failure(capsys, cases.write())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{", "is not JSON"),
        ("{}", "found no list of cases"),
        ("[]", "found no list of cases"),
        ("[3]", "case 0: found int, expected an object"),
        ("[{}]", "case 0: case: found None, expected text"),
    ],
)
def test_what_is_no_list_of_cases(capsys, cases, text, expected):
    path = cases.write()
    cases.path.write_text(text)
    assert expected in failure(capsys, path)


@pytest.mark.parametrize("content", [None, b"", b"PK\3\4 damaged", b"no arrays"])
def test_damaged_arrays(capsys, cases, content):
    path = cases.write()
    arrays = cases.path.with_suffix(".npz")
    if content is None:
        arrays.unlink()
    else:
        arrays.write_bytes(content)
    error = failure(capsys, path)
    assert error.startswith(f"{arrays}: ")
    assert ("no such file" if content is None else "is not a readable .npz file") in error


def test_missing_file(capsys):
    assert failure(capsys, "nowhere.json").startswith("nowhere.json: cannot be read (No such file")
