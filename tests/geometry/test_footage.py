"""Footage divided into intervals: repeats, stills, ends, and the frames that go where."""

from __future__ import annotations

from fractions import Fraction

import pytest
import torch

from elpips.geometry.footage import intervals, moments, transitions
from elpips.metrics import InputError


def picture(value: float) -> torch.Tensor:
    return torch.full((3, 4, 5), value)


def shape(values: list[float]) -> list[tuple[int, int, str]]:
    return [(each.index, each.span, each.kind) for each in intervals(map(picture, values))]


def test_frames_that_differ_are_moved_between() -> None:
    found = list(intervals(map(picture, [0.1, 0.2, 0.3])))
    assert [(each.index, each.span, each.kind) for each in found] == [
        (0, 1, "motion"),
        (1, 1, "motion"),
        (2, 0, "last"),
    ]
    assert torch.equal(found[0].start, picture(0.1)) and torch.equal(found[0].end, picture(0.2))


def test_single_repeats_are_bridged_and_long_ones_stand_still() -> None:
    assert shape([0.1, 0.1, 0.2, 0.2, 0.2, 0.3]) == [
        (0, 2, "motion"),
        (2, 3, "motion"),
        (5, 0, "last"),
    ]
    assert shape([0.1] * 5 + [0.2]) == [(0, 4, "still"), (4, 1, "motion"), (5, 0, "last")]
    assert shape([0.1, 0.2, 0.2, 0.2]) == [(0, 1, "motion"), (1, 2, "still"), (3, 0, "last")]


def test_every_frame_of_the_result_lies_in_one_interval() -> None:
    values = [0.1, 0.2, 0.2, 0.3, 0.3, 0.3, 0.3, 0.3, 0.4]
    for step in (Fraction(1, 2), Fraction(1, 4), Fraction(2, 5), Fraction(24, 25), Fraction(3)):
        numbers = [
            number for each in intervals(map(picture, values)) for number, _ in moments(each, step)
        ]
        assert numbers == list(range(int((len(values) - 1) / step) + 1))


def test_times_are_those_of_the_grid() -> None:
    (first, *_) = intervals(map(picture, [0.1, 0.1, 0.2]))
    assert moments(first, Fraction(1, 2)) == [(index, Fraction(index, 4)) for index in range(4)]


@pytest.mark.parametrize(
    ("times", "expected"), [([(0, 1)], 2), ([(0, 1), (1, 2)], 2), ([(0, 1), (1, 4)], 4),
                            ([(k, 8) for k in range(8)], 8), ([(1, 25), (23, 24)], 3)]
)  # fmt: skip
def test_paths_have_frames_where_times_are(times: list[tuple[int, int]], expected: int) -> None:
    assert transitions([Fraction(*time) for time in times]) == expected


def test_what_is_no_footage_is_refused() -> None:
    with pytest.raises(InputError, match="no two different frames"):
        list(intervals(map(picture, [0.1, 0.1])))
    with pytest.raises(InputError, match="frames 0 and 1 differ in size: 5 x 4 and 4 x 4"):
        list(intervals([picture(0.1), torch.zeros(3, 4, 4)]))
