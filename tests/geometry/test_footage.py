"""Footage divided into intervals: repeats, stills, ends, and the frames that go where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import pairwise

import pytest
import torch

from elpips.geometry.footage import intervals, moments, placed, transitions
from elpips.metrics import InputError


def picture(value: float) -> torch.Tensor:
    return torch.full((3, 4, 5), value)


def evenly(values: Iterable[float]) -> Iterator[tuple[Fraction, torch.Tensor]]:
    return ((Fraction(index), picture(value)) for index, value in enumerate(values))


def shape(values: list[float]) -> list[tuple[Fraction, Fraction, str]]:
    return [(each.begin, each.span, each.kind) for each in intervals(evenly(values))]


def test_frames_that_differ_are_moved_between() -> None:
    found = list(intervals(evenly([0.1, 0.2, 0.3])))
    assert [(each.begin, each.span, each.kind) for each in found] == [
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
            number for each in intervals(evenly(values)) for number, _ in moments(each, step)
        ]
        assert numbers == list(range(int((len(values) - 1) / step) + 1))


def test_times_are_those_of_the_grid() -> None:
    (first, *_) = intervals(evenly([0.1, 0.1, 0.2]))
    assert moments(first, Fraction(1, 2)) == [(index, Fraction(index, 4)) for index in range(4)]


@pytest.mark.parametrize(
    ("times", "expected"), [([(0, 1)], 2), ([(0, 1), (1, 2)], 2), ([(0, 1), (1, 4)], 4),
                            ([(k, 8) for k in range(8)], 8), ([(1, 25), (23, 24)], 3)]
)  # fmt: skip
def test_paths_have_frames_where_times_are(times: list[tuple[int, int]], expected: int) -> None:
    assert transitions([Fraction(*time) for time in times]) == expected


def test_what_is_no_footage_is_refused() -> None:
    with pytest.raises(InputError, match="no two different frames"):
        list(intervals(evenly([0.1, 0.1])))
    with pytest.raises(InputError, match="frames 0 and 1 differ in size: 5 x 4 and 4 x 4"):
        list(intervals([(Fraction(0), picture(0.1)), (Fraction(1), torch.zeros(3, 4, 4))]))


def places(times: list[Fraction | None], rate: int) -> list[Fraction]:
    frames = ((time, picture(0.1)) for time in times)
    return [place for place, _ in placed(frames, Fraction(rate))]


def test_rounded_times_are_even() -> None:
    milliseconds = [Fraction(round(1000 * index / 30), 1000) for index in range(90)]
    assert places([*milliseconds], 30) == list(range(90))
    assert places([None] * 3, 30) == [0, 1, 2]


@pytest.mark.parametrize("rate", [29, 31])
def test_a_rate_that_is_a_little_off_does_not_lead_astray(rate: int) -> None:
    found = places([Fraction(index, 30) for index in range(400)], rate)
    assert all(place.denominator == 1 for place in found)
    steps = {after - before for before, after in pairwise(found)}
    if rate == 31:
        assert steps == {1, 2} and abs(found[-1] - Fraction(399 * 31, 30)) < 1
    else:
        # No two frames are shown at once.
        assert steps == {1}


def test_frames_are_where_uneven_times_say() -> None:
    times = [Fraction(time, 100) for time in (50, 60, 85, 95)]
    assert places([*times], 10) == [0, 1, Fraction(7, 2), Fraction(9, 2)]
    # What does not come later comes next.
    assert places([Fraction(0), Fraction(0), Fraction(1, 10)], 10) == [0, 1, 2]


def test_a_gap_stands_still() -> None:
    frames = [(Fraction(place), picture(value)) for place, value in ((0, 0.1), (9, 0.2))]
    found = [(each.begin, each.span, each.kind) for each in intervals(frames)]
    assert found == [(0, 8, "still"), (8, 1, "motion"), (9, 0, "last")]
    uneven = [(Fraction(0), picture(0.1)), (Fraction(5, 4), picture(0.2))]
    first, _ = intervals(uneven)
    assert moments(first, Fraction(1, 2)) == [
        (0, 0), (1, Fraction(2, 5)), (2, Fraction(4, 5))
    ]  # fmt: skip
