"""Arguments looked at without the command."""

from __future__ import annotations

from typing import get_args

import pytest

from elpips.metrics import InputError
from elpips.metrics.tiling import Tile
from elpips.scripts.parsing import completed, parse


def test_a_command_is_parsed_and_not_called() -> None:
    found = parse("geodesic", ["a.png", "b.png", "--steps", "7", "--motion", "--size", "32"])
    assert str(found["start"]) == "a.png" and str(found["end"]) == "b.png"
    setup = found["setup"]
    assert (setup.solver.steps, setup.solver.motion, setup.pictures.size) == (7, 1.0, 32)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a.png"], "Missing"),
        (["a.png", "b.png", "--stepz", "5"], "--stepz"),
        (["a.png", "b.png", "--steps", "x"], "--steps"),
        (["a.png", "b.png", "--quality", "fair"], "'fair'"),
        (["a.png", "b.png", "--frames", "-1"], "frames: found -1"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(arguments: list[str], said: str, capsys) -> None:
    with pytest.raises(InputError) as caught:
        parse("geodesic", arguments)
    message = str(caught.value)
    assert said in message
    assert (
        "\n" not in message
        and "---" not in message
        and "│" not in message
        and "helptext" not in message
    )
    assert capsys.readouterr() == ("", "")


def test_numbers_are_implied_only_where_there_is_none() -> None:
    assert completed(["--motion", "--loop"]) == ["--motion", "1", "--loop"]
    assert completed(["--motion", "2"]) == ["--motion", "2"]
    assert completed(["--motion", "None"]) == ["--motion", "None"]


def test_to_tile_is_along_both_axes_where_none_is_named() -> None:
    assert completed(["--tile", "a.png"]) == ["--tile", "both", "a.png"]
    for tile in get_args(Tile):
        assert completed(["--tile", tile, "a.png"]) == ["--tile", tile, "a.png"]
        assert parse("geodesic", ["a.png", "b.png", "--tile", tile])["setup"].solver.tile == tile


def test_what_implies_a_value_is_switched_off_as_options_without_one() -> None:
    assert completed(["--no-motion", "--no-tile"]) == ["--motion", "None", "--tile", "none"]
    solver = parse("materials", ["a", "b", "--no-motion", "--no-tile"])["setup"].solver
    assert solver.motion is None and solver.tile == "none"
