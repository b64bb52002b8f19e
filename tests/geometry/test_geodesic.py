"""Geodesics where the shortest path is known, and what holds for all of them."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from itertools import pairwise

import pytest
import torch

from elpips.geometry import (
    INTERPOLATION,
    GeodesicOptions,
    IdentityError,
    evaluate_path,
    geodesic,
    interpolate,
)
from elpips.geometry.flow_interpolation import flow_path
from elpips.geometry.reference_path import cross_fade
from elpips.geometry.sine_modes import times_of
from elpips.media.crop import resize_short_side
from elpips.media.samples import read_sample
from elpips.metrics import Ensemble, InputError, create_metric
from elpips.optim import StopReason
from tiny_metric import tiny
from toy_paths import END, START, fade, noise
from toy_problems import stop_at

# The function of that name hides the module.
module = import_module("elpips.geometry.geodesic")


@pytest.mark.parametrize("frames", [3, 4, 7, 10])
@pytest.mark.parametrize("init", ["crisp", "nearest", "noise", "frames"])
def test_the_l2_geodesic_is_the_cross_fade(frames: int, init: str) -> None:
    given = fade(5)
    given[2] = noise(3, 17, 21)
    start = given if init == "frames" else init
    result = geodesic(START, END, frames, metric="l2", init=start, steps=900)
    assert result.frames.shape == (frames, 3, 17, 21)
    torch.testing.assert_close(result.frames, fade(frames), rtol=0, atol=0.15)
    # 1 for the straight path of equal steps; a start at the nearer end has as much as N.
    assert result.evaluation.path.normalized_ppl < (1.1 if init == "nearest" else 1.03)
    assert result.evaluation.baseline.excess == pytest.approx(0, abs=1e-5)
    begun = geodesic(START, END, frames, metric="l2", init=start, steps=0)
    errors = [(each.frames - fade(frames)).square().mean() for each in (begun, result)]
    assert errors[1] < 0.1 * errors[0]


@pytest.mark.parametrize("frames", [3, 4, 7, 10])
def test_the_l2_geodesic_stays_where_it_is(frames: int) -> None:
    result = geodesic(START, END, frames, metric="l2", init="blend", steps=900)
    torch.testing.assert_close(result.frames, fade(frames), rtol=0, atol=0.15)
    assert result.evaluation.path.normalized_ppl < 1.03
    assert result.evaluation.baseline.excess == pytest.approx(0, abs=1e-5)


def test_power_two_has_the_same_l2_geodesic() -> None:
    result = geodesic(START, END, 5, metric="l2", power=2, init="noise", steps=700)
    assert result.evaluation.path.excess < 5e-3


def test_ends_are_bit_identical_and_path_goes_through_its_frames() -> None:
    result = geodesic(START, END, 6, metric=tiny(Ensemble()), steps=8, evaluation_draws=2)
    assert torch.equal(result.frames[0], START) and torch.equal(result.frames[-1], END)
    for index in (0, 2, 5):
        assert torch.equal(result(torch.tensor(index).double() / 5), result.frames[index])
    for times in ([0.2, 0.8], torch.tensor([0.2, 0.8]).double()):
        assert torch.equal(result(times), result.frames[[1, 4]])
    assert result(0.33).shape == START.shape and 0 <= result(0.33).min()
    for none in ([], torch.zeros(2, 2)):
        with pytest.raises(InputError, match="expected one or a list of at least one"):
            result(none)
    given = result.frames.clone().requires_grad_()
    again = geodesic(START, END, 6, metric="l2", init=given, steps=1, evaluation_draws=2)
    assert not again.frames.requires_grad


def test_a_metric_of_features_gets_a_shorter_path_than_the_cross_fade() -> None:
    result = geodesic(START, END, 7, metric=tiny(), steps=300)
    assert result.evaluation.beats_baseline
    assert result.evaluation.path.energy < 0.97 * result.evaluation.baseline.energy
    assert 0 <= result.evaluation.path.excess < 0.9 * result.evaluation.baseline.excess


def test_given_frames_are_where_it_starts() -> None:
    frames = noise(6, 3, 17, 21)
    result = geodesic(START, END, 6, metric="l2", init=frames, steps=0, coarse_to_fine=False)
    torch.testing.assert_close(result.frames[1:-1], frames[1:-1])
    nearest = geodesic(START, END, 6, metric="l2", init="nearest", steps=0, coarse_to_fine=False)
    assert torch.equal(nearest.frames[2], START) and torch.equal(nearest.frames[3], END)


def test_the_released_schedule_moves_all_frames_at_once() -> None:
    result = geodesic(START, END, 6, metric="l2", init="noise", schedule="released", steps=400)
    assert len(result.levels) == 1 and result.solution.value.shape == (4, 3, 17, 21)
    begun = geodesic(START, END, 6, metric="l2", init="noise", schedule="released", steps=0)
    energies = [each.evaluation.path.energy for each in (begun, result)]
    assert energies[1] < 0.2 * energies[0]


def test_equal_steps_are_equal() -> None:
    uneven = cross_fade(START, END, [0, 0.4, 0.5, 0.6, 0.7, 0.85, 1])
    as_given, even = (
        geodesic(START, END, 7, metric="l2", init=uneven, steps=0, equal_steps=equal_steps)
        for equal_steps in (False, True)
    )
    assert as_given.evaluation.path.uniformity_cv > 0.5
    assert even.evaluation.path.uniformity_cv < 0.25
    assert torch.equal(even.frames[[0, -1]], torch.stack([START, END]))


def test_identical_ends_stay_as_they_are() -> None:
    result = geodesic(START, START, 5, metric=tiny(Ensemble()), steps=20, evaluation_draws=2)
    torch.testing.assert_close(result.frames, START.expand(5, -1, -1, -1), rtol=0, atol=0.01)


def test_same_seed_same_pixels_and_another_seed_others() -> None:
    options = GeodesicOptions(steps=6, evaluation_draws=2)
    first, again, other = (
        geodesic(START, END, 5, options, metric=tiny(Ensemble()), init="noise", seed=seed)
        for seed in (3, 3, 4)
    )
    assert torch.equal(first.frames, again.frames) and first.evaluation == again.evaluation
    assert not torch.equal(first.frames, other.frames)


class TestEvaluation:
    def test_is_that_of_the_frames_at_the_same_seed(self) -> None:
        metric = tiny(Ensemble())
        result = geodesic(
            START, END, 5, metric=metric, steps=6, power=2, evaluation_draws=5, seed=11
        )
        expected = evaluate_path(metric, result.frames, power=2, draws=5, seed=11)
        assert result.evaluation == expected and result.evaluation.path.draws == 5

    def test_is_computed_once_and_when_it_is_asked_for(self, monkeypatch) -> None:
        calls = []
        evaluate = module.evaluate_path

        def counting(*args, **kwargs):
            calls.append(kwargs["draws"])
            return evaluate(*args, **kwargs)

        monkeypatch.setattr(module, "evaluate_path", counting)
        result = geodesic(START, END, 4, metric=tiny(Ensemble()), steps=2, evaluation_draws=3)
        assert calls == []
        assert result.evaluation is result.evaluation and calls == [3]

    @pytest.mark.parametrize(("asked", "taken"), [(60, 4), (2, 2)])
    def test_takes_few_draws_after_ctrl_c(self, asked: int, taken: int) -> None:
        more = {"evaluation_draws": asked, "callbacks": [stop_at(3)]}
        result = geodesic(START, END, 4, metric=tiny(Ensemble()), **more)
        assert result.stop_reason is StopReason.INTERRUPTED
        assert result.evaluation.path.draws == taken


class TestGoingOn:
    @pytest.mark.parametrize(
        "stops", [(20,), (49,), (50,), (51,), (79, 80), (80,), (81, 100), (1, 2, 60)]
    )
    def test_gives_the_pixels_of_a_run_that_did_not_stop(self, stops) -> None:
        def solve(steps: int, run=None):
            more = {"steps": steps, "run": run, "evaluation_draws": 2, "seed": 5}
            return geodesic(START, END, 10, metric=tiny(Ensemble()), **more)

        whole, run = solve(110), None
        for steps in (*stops, 110):
            result = solve(steps, run)
            run = result.solution.state
        assert torch.equal(result.frames, whole.frames)
        assert result.evaluation == whole.evaluation
        assert run.evaluations == whole.solution.state.evaluations
        assert len(run.history) == 110

    def test_goes_on_after_ctrl_c(self) -> None:
        def solve(**more):
            return geodesic(START, END, 6, metric=tiny(Ensemble()), steps=70, **more)

        stopped = solve(callbacks=[stop_at(55)])
        assert stopped.frames.shape == (6, 3, 17, 21)
        resumed = solve(run=stopped.solution.state)
        assert torch.equal(resumed.frames, solve().frames)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"frames": 6}, "made with --frames 5, not 6"),
            ({"init": "blend"}, "made with --init crisp, not blend"),
            ({"metric": "l2"}, "made with --metric tiny, not l2"),
            ({"metric": tiny()}, "made with another --ensemble"),
            ({"seed": 6}, "made with --seed 5, not 6"),
            ({"power": 2}, "made with --power 1, not 2"),
            ({"draws": 2}, "made with --draws 1, not 2"),
            ({"pixel_weight": 0.5}, "made with --pixel-weight 0.0, not 0.5"),
            ({"end": START}, "made with other images .number 2 of 2"),
            ({"step_size": 0.2}, "made with another --step-size"),
            ({"coarse_to_fine": False}, "made with other levels"),
        ],
    )
    def test_another_problem_is_refused(self, change, message: str) -> None:
        arguments = {
            "start": START,
            "end": END,
            "frames": 5,
            "metric": tiny(Ensemble()),
            "seed": 5,
            "steps": 3,
        }
        run = geodesic(**arguments).solution.state
        with pytest.raises(IdentityError, match=message) as caught:
            geodesic(**{**arguments, **change}, run=run)
        assert "\n" not in str(caught.value) and isinstance(caught.value, InputError)


def test_callbacks_see_every_step() -> None:
    seen = []
    geodesic(START, END, 5, metric="l2", steps=60, callbacks=[lambda run: seen.append(run.step)])
    assert seen == list(range(1, 61))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"frames": 2}, "frames: found 2, expected at least 3"),
        ({"power": 3}, "power: found 3"),
        ({"draws": 0}, "draws: found 0"),
        ({"chunk": 0}, "chunk: found 0"),
        ({"pixel_weight": -1.0}, "pixel_weight: found -1.0"),
        ({"init": "mean"}, "init: found 'mean'"),
        ({"init": torch.zeros(4, 3, 5, 5)}, "init: found"),
        ({"init": torch.zeros(1, 3, 17, 21)}, "init: found"),
        ({"end": torch.zeros(3, 5, 5)}, "ends differ in shape"),
        ({"end": torch.full((3, 17, 21), 2.0)}, "end: found values"),
        ({"start": torch.zeros(1, 3, 17, 21)}, "start: found shape"),
        ({"halvings": 1}, "halvings: found 1, which leaves 10 x 8 px"),
        ({"step_size": 0.0}, "step_size: found 0.0"),
        ({"halvings": -1}, "halvings: found -1"),
        ({"steps": -1}, "steps: found -1"),
        ({"evaluation_draws": 0}, "evaluation_draws: found 0"),
    ],
)
def test_bad_options_are_refused(options: dict, message: str) -> None:
    arguments = {"start": START, "end": END, "metric": "l2", "steps": 2, **options}
    with pytest.raises(InputError, match=message):
        geodesic(arguments.pop("start"), arguments.pop("end"), **arguments)


def moving_photograph(frames: int = 7) -> torch.Tensor:
    image = resize_short_side(read_sample("coffee"), 64)
    return torch.stack([image[:, :48, x : x + 48] for x in range(frames)])


def test_a_moving_photograph_starts_and_stays_in_motion() -> None:
    truth = moving_photograph()
    moving = geodesic(truth[0], truth[-1], 7, metric="l2", init="flow", steps=0)
    assert torch.equal(moving.frames[[0, -1]], truth[[0, -1]])
    plain = cross_fade(truth[0], truth[-1], times_of(6))
    errors = [(path[1:-1] - truth[1:-1]).square().mean() for path in (moving.frames, plain)]
    assert errors[0] < 0.1 * errors[1]


class TestInterpolate:
    def test_starts_from_the_moved_ends_in_small_steps(self) -> None:
        truth = moving_photograph(5)
        result = interpolate(truth[0], truth[-1], metric=tiny(), steps=3)
        assert result.frames.shape == (3, 3, 48, 48)
        assert result.options == replace(INTERPOLATION, steps=3)
        assert result.problem.init == "flow"
        middle = flow_path(truth[0], truth[-1], [0.5])[0]
        fade_error = ((truth[0] + truth[-1]) / 2 - truth[2]).square().mean()
        for image in (middle, result.frames[1]):
            assert (image - truth[2]).square().mean() < 0.2 * fade_error

    def test_takes_what_a_geodesic_takes(self) -> None:
        options = GeodesicOptions(step_size=0.3)
        result = interpolate(START, END, 5, options, metric="l2", init="blend", steps=4, seed=2)
        assert len(result.frames) == 5 and result.problem.init == "blend"
        assert result.options == GeodesicOptions(step_size=0.3, steps=4, seed=2)


@pytest.mark.weights
def test_elpips_geodesic_beats_the_cross_fade() -> None:
    names = ("brick_left", "gravel_left")
    ends = [resize_short_side(read_sample(name), 64)[:, :32, :32] for name in names]
    result = geodesic(*ends, 5, metric=create_metric("elpips_vgg"), steps=150, evaluation_draws=8)
    found = result.evaluation
    assert found.advantage < -2 * found.advantage_error
    assert found.path.high_band_ratio > found.baseline.high_band_ratio + 0.1
    assert all(0.2 < one / other < 5 for one, other in pairwise(found.path.steps))
