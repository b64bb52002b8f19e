"""What a path is between: both images, of one shape; and of how many frames."""

from __future__ import annotations

import pytest
import torch

from elpips.geometry.ends import check_ends, check_frames
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


def test_paths_have_three_frames_or_more_and_room_in_memory() -> None:
    cpu = torch.device("cpu")
    check_frames(3, (8, 9), cpu, released=False)
    for frames in (2, 2.5, True):
        with pytest.raises(InputError, match="frames: found"):
            check_frames(frames, (8, 9), cpu, released=False)
    with pytest.raises(InputError, match="a path of 1000000 frames of 9000 x 8000 px would take"):
        check_frames(10**6, (8000, 9000), cpu, released=True)
