from __future__ import annotations

from fractions import Fraction

import pytest
import torch

from elpips.media.record import describe, pick, timing_of
from elpips.media.stream import Frame

SHOWN = [(0, Fraction(200)), (1, Fraction(200)), (2, Fraction(400)), (1, Fraction(200))]


def frames(times: list[int]) -> list[Frame]:
    """Return one-pixel frames that begin at milliseconds, each counting from 0."""
    ends = [*times[1:], times[-1] + 200]
    return [
        Frame(torch.tensor(float(index)), Fraction(start, 1000), Fraction(end - start, 1000))
        for index, (start, end) in enumerate(zip(times, ends, strict=True))
    ]


def picked(times: list[int], text: str) -> list[int]:
    timing = timing_of(text)
    assert timing is not None
    return [int(frame.image) for frame in pick(frames(times), timing)]


def test_the_text_is_short_and_read_back() -> None:
    text = describe(SHOWN)
    assert text == "elpips frames: 0-1*200 2*400 1*200"
    timing = timing_of(f"something {text}")
    assert timing is not None
    assert timing.starts == (0, Fraction(1, 5), Fraction(2, 5)) and timing.total == 1
    assert describe([(0, Fraction(125, 3))]) == "elpips frames: 0*125/3"


def test_frames_are_picked_where_they_are_shown_first() -> None:
    text = describe(SHOWN)
    assert picked([0, 200, 400, 800], text) == [0, 1, 2]
    # A video that shows each for as many of its frames as it lasts.
    assert picked(list(range(0, 900, 100)), text) == [1, 3, 5]
    # Equal neighbours that the writer has made one.
    assert picked([0, 400, 800], text) == [0, 0, 1]


@pytest.mark.parametrize("times", [[0, 200], [0, 200, 400, 800, 1000], [0]])
def test_a_file_of_another_length_is_not_the_one_written(times: list[int]) -> None:
    with pytest.raises(ValueError, match="another length"):
        picked(times, describe(SHOWN))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "made with love",
        "elpips frames:",
        "elpips frames: 1*200",
        "elpips frames: 0*0",
        "elpips frames: 0*1/0",
        "elpips frames: 3-1*20",
        "elpips frames: 0-99999999*20",
        "elpips frames:" + " 0-999999*20" * 3,
    ],
)
def test_text_that_says_nothing_is_left_alone(text: str) -> None:
    assert timing_of(text) is None
