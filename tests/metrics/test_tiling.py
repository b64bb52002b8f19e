"""Which borders meet, and images continued by themselves."""

from __future__ import annotations

import pytest
import torch

from elpips.metrics import InputError
from elpips.metrics.tiling import pad_around, wrap_of
from random_images import images


def test_x_joins_left_and_right_and_y_top_and_bottom() -> None:
    assert [wrap_of(tile) for tile in ("none", "x", "y", "both")] == [
        (False, False),
        (False, True),
        (True, False),
        (True, True),
    ]
    with pytest.raises(InputError, match="tile: found 'z', expected one of none, x, y, both"):
        wrap_of("z")


def test_images_go_on_where_they_begin() -> None:
    picture = images(1)
    wide = torch.cat([picture] * 3, dim=-1)
    found = pad_around(picture, (0, 2), (0, 5))
    assert torch.equal(found, wide[..., 11 - 2 : 22 + 5])
    tall = torch.cat([picture] * 2, dim=-2)
    assert torch.equal(pad_around(picture, (0, 0), (17, 0)), tall)
