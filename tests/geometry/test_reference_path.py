"""Where paths start, and what is between their frames."""

from __future__ import annotations

from typing import get_args

import pytest
import torch

from elpips.geometry.crisp_fade import crisp_fade
from elpips.geometry.flow_interpolation import find_motions
from elpips.geometry.reference_path import (
    PathInit,
    cross_fade,
    interpolate_path,
    reference_path,
)
from elpips.geometry.sine_modes import times_of
from elpips.media.crop import resize_short_side
from elpips.media.samples import read_sample
from elpips.metrics import InputError
from toy_paths import END, START, noise


@pytest.mark.parametrize("init", get_args(PathInit))
def test_references_end_at_the_ends(init) -> None:
    reference = reference_path(START, END, init)
    frames = reference([0.0, 0.5, 1.0])
    assert torch.equal(frames[0], START) and torch.equal(frames[-1], END)
    assert reference.halfway.shape == (2, 3, 17, 21)


def test_names_are_what_they_say() -> None:
    times = [0.0, 0.3, 0.8, 1.0]
    found = {
        name: reference_path(START, END, name)(times) for name in ("blend", "crisp", "nearest")
    }
    assert torch.equal(found["blend"], cross_fade(START, END, times))
    assert torch.equal(found["crisp"], crisp_fade(START, END, times))
    assert torch.equal(found["nearest"], torch.stack([START, START, END, END]))
    assert torch.equal(reference_path(START, END, "noise")(times), found["blend"])


def test_given_frames_are_interpolated() -> None:
    frames = noise(5, 3, 17, 21)
    reference = reference_path(START, END, frames)
    assert torch.equal(reference(times_of(4)), frames)
    assert torch.equal(reference.halfway, torch.stack([START, END]))


def test_both_ends_meet_halfway_where_they_move() -> None:
    image = resize_short_side(read_sample("coffee"), 64)
    start, end = image[:, :48, :48], image[:, :48, 6:54]
    assert find_motions(start, end).abs().max() > 5
    halfway = reference_path(start, end, "flow").halfway
    apart = [(pair[0] - pair[1]).abs().mean() for pair in (halfway, (start, end))]
    assert apart[0] < 0.3 * apart[1]


def test_interpolation_returns_the_frames_at_their_times() -> None:
    frames = noise(5, 3, 17, 21, seed=2)
    assert torch.equal(interpolate_path(frames, times_of(4)), frames)
    between = interpolate_path(frames, [0.125, 0.3])
    assert between.shape == (2, 3, 17, 21) and 0 <= between.min() and between.max() <= 1
    assert not torch.equal(between[0], frames[0])
    with pytest.raises(InputError, match="times"):
        interpolate_path(frames, [1.2])


def test_a_path_without_deviation_is_its_reference() -> None:
    reference = reference_path(START, END, "crisp")
    frames = reference(times_of(4))
    between = interpolate_path(frames, [0.1, 0.6], reference)
    torch.testing.assert_close(between, reference([0.1, 0.6]), rtol=0, atol=1e-6)
    assert (interpolate_path(frames, [0.1, 0.6]) - between).abs().max() > 0.01


@pytest.mark.parametrize(
    ("init", "message"),
    [
        (
            "mean",
            "init: found 'mean', expected one of texture, crisp, blend, nearest",
        ),
        (torch.zeros(4, 3, 5, 5), "init: found"),
        (torch.zeros(1, 3, 17, 21), "init: found"),
        (torch.full((4, 3, 17, 21), 2.0), "init: found values"),
    ],
)
def test_bad_starts_are_refused(init, message: str) -> None:
    with pytest.raises(InputError, match=message):
        reference_path(START, END, init)
