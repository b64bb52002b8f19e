"""The ends of a path: both images, of one shape."""

from __future__ import annotations

import pytest
import torch

from elpips.geometry.ends import check_ends
from elpips.metrics import InputError

GREY = torch.full((3, 8, 9), 0.5)


def test_images_of_one_shape_pass() -> None:
    check_ends(GREY, GREY)
    check_ends(torch.ones(4, 8, 9), torch.ones(4, 8, 9), channels=4)


@pytest.mark.parametrize(
    ("start", "end", "match"),
    [
        (GREY[0], GREY, "start: found shape"),
        (GREY, GREY + 1, "end: found values"),
        (GREY, GREY[:, 1:], r"ends differ in shape: \(3, 8, 9\) and \(3, 7, 9\)"),
    ],
)
def test_others_are_refused(start, end, match: str) -> None:
    with pytest.raises(InputError, match=match):
        check_ends(start, end)
