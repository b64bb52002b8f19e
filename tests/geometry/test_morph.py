"""Chains of paths: one speed, circles, going on."""

from __future__ import annotations

import pytest
import torch

from elpips.geometry import GeodesicOptions, IdentityError, geodesic, morph
from elpips.geometry.morph import chords, join, share_out
from elpips.metrics import Ensemble, InputError, create_metric
from tiny_metric import tiny
from toy_paths import noise
from toy_problems import stop_at

KEYS = noise(3, 3, 17, 21)
# Black, dark grey, white: at distances 1 : 3.
FLAT = torch.stack([torch.full((3, 16, 16), level) for level in (0.0, 0.25, 1.0)])
METRIC = tiny(Ensemble())


def solve(steps: int = 12, **more):
    options = {"metric": METRIC, "seed": 5, "evaluation_draws": 2, "steps": steps, **more}
    return morph(KEYS, 4, **options)


def levels(frames: torch.Tensor) -> list[float]:
    return frames.mean((1, 2, 3)).tolist()


def test_sharing_out() -> None:
    assert share_out([1, 1, 2], 16) == [4, 4, 8]
    assert share_out([0.01, 1], 10) == [2, 8]
    assert share_out([100, 1, 1, 1], 12) == [6, 2, 2, 2]
    assert share_out([100, 1], 4) == [2, 2]
    assert share_out([0, 0], 8) == [4, 4]
    assert sum(share_out([0.3, 0.5, 0.7], 27)) == 27


def test_joining_and_chords() -> None:
    first, second = noise(2, 3, 3, 16, 16)
    second[0] = first[-1]
    joined = join([first, second])
    assert joined.shape[0] == 5 and torch.equal(joined[2], first[-1])
    assert torch.equal(joined, torch.cat([first, second[1:]]))
    assert chords(create_metric("l2"), FLAT, 0) == pytest.approx([0.25, 0.75])


def test_chords_are_of_the_seed() -> None:
    one, again, other = (chords(METRIC, KEYS, seed) for seed in (5, 5, 6))
    assert one == again and one != other and len(one) == 2


def test_frames_are_shared_out_by_distance() -> None:
    found = morph(FLAT, 5, metric="l2", init="blend", steps=3)
    assert found.transitions == (2, 6) and len(found.frames) == 9
    assert [len(each.frames) for each in found.segments] == [3, 7]
    assert torch.equal(found.frames[[0, 2, 8]], FLAT)
    assert levels(found.frames) == pytest.approx([step / 8 for step in range(9)], abs=0.01)
    assert not found.closed and not found.interrupted


def test_a_closed_morph_returns_to_the_first_image_and_shows_it_once() -> None:
    found = morph(FLAT, 5, metric="l2", init="blend", steps=3, loop=True)
    assert found.closed and len(found.segments) == 3 == len(found.transitions)
    assert len(found.frames) == 12 == sum(found.transitions)
    assert torch.equal(found.segments[-1].frames[-1], FLAT[0])
    assert torch.equal(found.segments[-1].frames[0], FLAT[2])
    shown = levels(found.frames)
    assert shown[0] == 0 and 0 < shown[-1] < 0.5 and shown.count(0) == 1
    open_one = morph(FLAT, 5, metric="l2", init="blend", steps=3)
    assert not open_one.closed


def test_two_images_make_a_circle_there_and_back() -> None:
    found = morph(KEYS[:2], 4, metric="l2", init="blend", steps=0, loop=True)
    assert found.transitions == (3, 3) and len(found.frames) == 6
    assert torch.equal(found.frames[3], KEYS[1])


def test_segments_are_the_geodesics_of_the_pairs() -> None:
    found = solve()
    for index, segment in enumerate(found.segments):
        alone = geodesic(
            KEYS[index],
            KEYS[index + 1],
            found.transitions[index] + 1,
            GeodesicOptions(seed=5, evaluation_draws=2, steps=12),
            metric=METRIC,
        )
        assert torch.equal(segment.frames, alone.frames)
        assert segment.evaluation == alone.evaluation
    assert torch.equal(found.frames, join([each.frames for each in found.segments]))


@pytest.mark.parametrize("stop", [(0, 4), (0, 11), (1, 1), (1, 7)], ids=str)
def test_ctrl_c_stops_the_chain_and_runs_go_on_bit_by_bit(stop) -> None:
    pair, step = stop
    asked = []

    def callbacks(index: int):
        asked.append(index)
        return [stop_at(step)] if index == pair else []

    whole = solve()
    stopped = solve(callbacks=callbacks)
    assert stopped.interrupted and asked == list(range(pair + 1))
    assert len(stopped.segments) == pair + 1 and not stopped.closed
    assert stopped.transitions == whole.transitions
    assert len(stopped.frames) == 1 + sum(stopped.transitions[: pair + 1])
    seen = {0: [], 1: []}
    resumed = solve(
        runs=[each.solution.state for each in stopped.segments],
        callbacks=lambda index: [lambda run: seen[index].append(run.step)],
    )
    assert torch.equal(resumed.frames, whole.frames) and not resumed.interrupted
    # What was done is not done again.
    assert seen[pair] == list(range(step + 1, 13))
    assert all(seen[index] == [] for index in range(pair))


def test_an_interrupted_circle_is_not_closed() -> None:
    stopped = solve(loop=True, callbacks=lambda index: [stop_at(3)] if index == 1 else [])
    assert len(stopped.segments) == 2 and not stopped.closed and stopped.interrupted
    assert torch.equal(stopped.frames[0], KEYS[0]) and torch.equal(stopped.frames[-1], KEYS[2])


def test_runs_may_be_none() -> None:
    whole = solve()
    second = solve(4).segments[1].solution.state
    assert torch.equal(solve(runs=[None, second]).frames, whole.frames)


def test_runs_of_other_pairs_are_refused() -> None:
    first = solve(4).segments[0].solution.state
    with pytest.raises(IdentityError, match=r"made with (--frames|other images)"):
        solve(runs=[None, first])


@pytest.mark.parametrize(
    ("images", "options", "message"),
    [
        (KEYS[:1], {}, "found 1 images, expected two or more"),
        (KEYS, {"frames": 2}, "frames: found 2, expected at least 3"),
        (KEYS, {"power": 3}, "power: found 3"),
        (KEYS * 3, {}, "images: found values"),
        (KEYS[0], {}, "images: found shape"),
        (KEYS, {"metric": "lpips"}, "'lpips' is unknown"),
    ],
)
def test_bad_input_is_said(images, options, message: str) -> None:
    with pytest.raises(InputError, match=message):
        morph(images, **{"metric": "l2", "steps": 1, **options})
