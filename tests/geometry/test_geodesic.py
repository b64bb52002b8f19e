"""Geodesics where the shortest path is known, and what holds for all of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from elpips.geometry import GeodesicProblem, geodesic, multilevel, stationarity_errors
from elpips.geometry.checkpoint import load_run, save_run
from elpips.geometry.multilevel import (
    default_steps,
    level_of,
    minimise_path,
    on_finest,
    plan,
    start_path,
)
from elpips.geometry.reference_path import cross_fade, reference_path
from elpips.geometry.sine_modes import times_of
from elpips.media.crop import resize_short_side
from elpips.media.samples import read_sample
from elpips.metrics import Ensemble, InputError, create_metric
from elpips.metrics.seeds import stream
from elpips.optim import StoppingCriteria, StopReason
from tiny_metric import tiny

START, END = torch.rand(2, 3, 17, 21, generator=torch.Generator().manual_seed(0))


def fade(frames: int) -> torch.Tensor:
    return cross_fade(START, END, times_of(frames - 1))


@pytest.mark.parametrize("frames", [3, 4, 7, 10])
@pytest.mark.parametrize("init", ["blend", "nearest", "noise", "frames"])
def test_the_l2_geodesic_is_the_cross_fade(frames: int, init: str) -> None:
    given = fade(5)
    given[2] = torch.rand(3, 17, 21, generator=torch.Generator().manual_seed(1))
    start = given if init == "frames" else init
    result = geodesic(START, END, frames, metric="l2", init=start, steps=900)
    assert result.frames.shape == (frames, 3, 17, 21)
    torch.testing.assert_close(result.frames, fade(frames), rtol=0, atol=0.15)
    # 1 for the straight path of equal steps; a start at the nearer end has as much as N.
    assert result.evaluation.path.normalized_ppl < (1.1 if init == "nearest" else 1.03)
    assert result.evaluation.baseline.excess == pytest.approx(0, abs=1e-5)


def test_power_two_has_the_same_l2_geodesic() -> None:
    result = geodesic(START, END, 5, metric="l2", power=2, init="noise", steps=700)
    assert result.evaluation.path.excess < 5e-3


def test_ends_are_bit_identical_and_path_goes_through_its_frames() -> None:
    result = geodesic(START, END, 6, metric=tiny(Ensemble()), steps=8, evaluation_draws=2)
    assert torch.equal(result.frames[0], START) and torch.equal(result.frames[-1], END)
    assert torch.equal(result(0), START) and torch.equal(result(1.0), END)
    assert torch.equal(result(0.4), result.frames[2])
    assert torch.equal(result([0.2, 0.8]), result.frames[[1, 4]])
    assert result(0.33).shape == START.shape and 0 <= result(0.33).min()


def test_a_metric_of_features_gets_a_shorter_path_than_the_cross_fade() -> None:
    result = geodesic(START, END, 7, metric=tiny(), steps=300)
    assert result.evaluation.beats_baseline
    assert result.evaluation.path.energy < 0.97 * result.evaluation.baseline.energy
    assert result.evaluation.path.excess >= 0


def test_given_frames_are_where_it_starts() -> None:
    frames = torch.rand(6, 3, 17, 21)
    result = geodesic(START, END, 6, metric="l2", init=frames, steps=0, coarse_to_fine=False)
    torch.testing.assert_close(result.frames[1:-1], frames[1:-1])
    nearest = geodesic(START, END, 6, metric="l2", init="nearest", steps=0, coarse_to_fine=False)
    assert torch.equal(nearest.frames[2], START) and torch.equal(nearest.frames[3], END)


def test_levels_double_and_end_with_the_wanted_number() -> None:
    for frames, expected in ((3, [2]), (4, [2, 3]), (10, [2, 4, 9]), (17, [2, 4, 8, 16])):
        levels = plan(GeodesicProblem.of(START, END, frames, metric="l2"))
        assert [level.problem.transitions for level in levels] == expected
        assert levels[-1].last_step is None
        assert default_steps(levels) == [70, 120, 150, 180][len(levels) - 1]
    assert len(plan(GeodesicProblem.of(START, END, 10, metric="l2"), coarse_to_fine=False)) == 1


def test_halvings_come_first_and_reach_the_same_path() -> None:
    start, end = torch.rand(2, 3, 70, 65, generator=torch.Generator().manual_seed(0))
    problem = GeodesicProblem.of(start, end, 4, metric="l2", init="noise")
    levels = plan(problem, halvings=1)
    shapes = [(level.problem.transitions, level.problem.size) for level in levels]
    assert shapes == [(2, (35, 32)), (3, (35, 32)), (3, (70, 65))]
    result = geodesic(start, end, 4, metric="l2", init="noise", halvings=1, steps=500)
    assert result.frames.shape == (4, 3, 70, 65)
    assert result.evaluation.path.excess < 0.01
    early = geodesic(start, end, 4, metric="l2", init="noise", halvings=1, steps=80)
    assert early.solution.value.shape[-1] == 32 and early.frames.shape == (4, 3, 70, 65)


def test_a_short_run_ends_on_a_coarse_level_and_still_has_all_frames() -> None:
    result = geodesic(START, END, 10, metric="l2", init="blend", steps=5)
    assert result.solution.value.shape[0] == 1 and result.frames.shape[0] == 10
    torch.testing.assert_close(result.frames, fade(10), rtol=0, atol=0.02)


def problem_and_levels():
    problem = GeodesicProblem.of(START, END, 10, metric=tiny(Ensemble()), seed=3)
    return problem, plan(problem)


@pytest.mark.parametrize("stop", [0, 30, 50, 51, 80, 100])
def test_a_path_through_a_checkpoint_is_bit_identical(stop: int, tmp_path: Path) -> None:
    _, levels = problem_and_levels()
    whole = minimise_path(levels, start_path(levels, 3), StoppingCriteria(120))
    part = minimise_path(levels, start_path(levels, 3), StoppingCriteria(stop))
    save_run(tmp_path / "run.pt", part.state, {"a": 1})
    run = load_run(tmp_path / "run.pt", {"a": 1})
    resumed = minimise_path(levels, run, StoppingCriteria(120))
    assert torch.equal(resumed.state.x, whole.state.x)
    assert torch.equal(resumed.value, whole.value)
    assert resumed.state.evaluations == whole.state.evaluations


def test_interruption_on_a_coarse_level_keeps_a_path() -> None:
    _, levels = problem_and_levels()

    def stop(run) -> None:
        if run.step == 80:
            raise KeyboardInterrupt

    solution = minimise_path(levels, start_path(levels, 3), StoppingCriteria(120), [stop])
    assert solution.result is StopReason.INTERRUPTED and solution.state.step in (79, 80)
    assert level_of(levels, solution.value) == 1
    assert on_finest(levels, solution.value).shape == (8, 3, 17, 21)


def test_interruption_between_levels_loses_nothing(monkeypatch) -> None:
    _, levels = problem_and_levels()

    def interrupted(*_) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(multilevel, "_carry", interrupted)
        solution = minimise_path(levels, start_path(levels, 3), StoppingCriteria(120))
    assert (
        solution.result is StopReason.INTERRUPTED and solution.state.step == multilevel.FIRST_STEPS
    )
    resumed = minimise_path(levels, solution.state, StoppingCriteria(120))
    whole = minimise_path(levels, start_path(levels, 3), StoppingCriteria(120))
    assert torch.equal(resumed.value, whole.value)


def test_refining_keeps_the_path() -> None:
    _, levels = problem_and_levels()

    def wave(times: list[float]) -> torch.Tensor:
        return 0.05 * torch.sin(torch.pi * torch.tensor(times))[:, None, None, None]

    coarse, fine = levels[1].problem.middle, levels[-1].problem.middle
    lifted = on_finest(levels, coarse + wave(times_of(4)[1:-1]))
    expected = fine + wave(times_of(9)[1:-1])
    inside = (expected > 0) & (expected < 1)
    torch.testing.assert_close(lifted[inside], expected[inside], rtol=0, atol=1e-5)


def test_pixel_weight_pulls_towards_the_cross_fade() -> None:
    problem = GeodesicProblem.of(START, END, 5, metric="l2")
    doubled = replace(problem, pixel_weight=1.0)
    x = torch.rand(3, 3, 17, 21)
    one, two = (each.sample(x, stream(0, "optimise")) for each in (problem, doubled))
    assert two.value == pytest.approx(2 * one.value, rel=1e-5)
    torch.testing.assert_close(two.gradient, 2 * one.gradient, rtol=1e-4, atol=1e-7)
    assert doubled.held_out(x) == pytest.approx(2 * problem.held_out(x), rel=1e-5)


def test_draws_of_a_step_are_averaged() -> None:
    problem = GeodesicProblem.of(START, END, 4, metric=tiny(Ensemble()), draws=3)
    x, rng = problem.initial, stream(0, "optimise")
    three = problem.sample(x, rng)
    singles = [replace(problem, draws=1).sample(x, rng) for rng in [stream(0, "optimise")] * 3]
    torch.testing.assert_close(
        three.gradient, torch.stack([each.gradient for each in singles]).mean(0)
    )
    assert three.draws == 3


def test_residuals_vanish_on_geodesics_only() -> None:
    problem = GeodesicProblem.of(START, END, 5, metric="l2")
    straight, bent = fade(5), fade(5)
    bent[2] = (bent[2] + 0.2).clamp(0, 1)
    found = stationarity_errors(problem, straight, generator=stream(0, "residual"))
    assert len(found) == 3 and max(found) < 1e-6
    found = stationarity_errors(problem, bent, generator=stream(0, "residual"))
    exact = problem.sample(bent[1:-1], stream(0, "optimise")).gradient.flatten(1).norm(dim=1)
    assert found == pytest.approx(exact.tolist(), rel=1e-4) and min(found) > 1e-3


def test_residuals_are_cleared_of_noise() -> None:
    problem = GeodesicProblem.of(START, END, 4, metric=tiny(Ensemble()))
    x = problem.complete(problem.initial)
    rng = stream(0, "residual")
    few = torch.tensor(stationarity_errors(problem, x, draws=64, generator=rng))
    many = torch.tensor(stationarity_errors(problem, x, draws=512, generator=rng))
    torch.testing.assert_close(few, many, rtol=0.25, atol=0)
    with pytest.raises(InputError, match="residual draws: found 1"):
        stationarity_errors(problem, x, draws=1, generator=rng)


def test_identical_ends_stay_as_they_are() -> None:
    result = geodesic(START, START, 5, metric=tiny(Ensemble()), steps=20, evaluation_draws=2)
    torch.testing.assert_close(result.frames, START.expand(5, -1, -1, -1), rtol=0, atol=0.01)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"frames": 2}, "frames: found 2, expected at least 3"),
        ({"power": 3}, "power: found 3"),
        ({"draws": 0}, "draws per step: found 0"),
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
        ({"evaluation_draws": 0}, "evaluation draws"),
    ],
)
def test_bad_options_are_refused(options: dict, message: str) -> None:
    arguments = {"start": START, "end": END, "metric": "l2", "steps": 2, **options}
    with pytest.raises(InputError, match=message):
        geodesic(arguments.pop("start"), arguments.pop("end"), **arguments)


def test_references_end_at_the_ends() -> None:
    for init in ("blend", "nearest"):
        frames = reference_path(START, END, init)([0.0, 0.5, 1.0])
        assert torch.equal(frames[0], START) and torch.equal(frames[-1], END)


def test_a_moving_photograph_starts_and_stays_in_motion() -> None:
    image = resize_short_side(read_sample("coffee"), 64)
    truth = torch.stack([image[:, :48, x : x + 48] for x in range(7)])
    moving = geodesic(truth[0], truth[-1], 7, metric="l2", init="flow", steps=0)
    assert torch.equal(moving.frames[[0, -1]], truth[[0, -1]])
    errors = [
        (path[1:-1] - truth[1:-1]).square().mean() for path in (moving.frames, fade_of(truth))
    ]
    assert errors[0] < 0.1 * errors[1]


def fade_of(path: torch.Tensor) -> torch.Tensor:
    return cross_fade(path[0], path[-1], times_of(len(path) - 1))


def test_there_is_little_to_be_found_where_motion_explains_all() -> None:
    image = resize_short_side(read_sample("coffee"), 64)
    start, end = image[:, :48, :48], image[:, :48, 6:54]
    spreads = [
        GeodesicProblem.of(start, end, 4, metric="l2", init=init).coordinates().bands.spread.mean()
        for init in ("blend", "flow")
    ]
    assert spreads[1] < 0.5 * spreads[0]


@pytest.mark.weights
def test_elpips_geodesic_beats_the_cross_fade() -> None:
    names = ("brick_left", "gravel_left")
    ends = [resize_short_side(read_sample(name), 64)[:, :32, :32] for name in names]
    result = geodesic(*ends, 5, metric=create_metric("elpips_vgg"), steps=150, evaluation_draws=8)
    found = result.evaluation
    assert found.advantage < -2 * found.advantage_error
    assert found.path.excess > 0
    assert found.path.high_band_ratio > found.baseline.high_band_ratio + 0.1
