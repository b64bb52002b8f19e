"""The path energy as a stochastic problem: samples, held-out judgement, identity."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from elpips.geometry import GeodesicOptions, GeodesicProblem, geodesic
from elpips.geometry.noise import noise_images
from elpips.geometry.torus import resize
from elpips.media.crop import resize_short_side
from elpips.media.samples import read_sample
from elpips.metrics import Ensemble, InputError, OverBackgrounds
from elpips.metrics.seeds import stream
from tiny_metric import tiny
from toy_paths import END, START, fade, noise

L2 = GeodesicProblem.of(START, END, 5, metric="l2")


def test_pixel_weight_pulls_towards_the_cross_fade() -> None:
    problem = L2
    doubled = replace(problem, pixel_weight=1.0)
    x = noise(3, 3, 17, 21)
    one, two = (each.sample(x, stream(0, "optimise")) for each in (problem, doubled))
    assert two.value == pytest.approx(2 * one.value, rel=1e-5)
    torch.testing.assert_close(two.gradient, 2 * one.gradient, rtol=1e-4, atol=1e-7)
    assert doubled.held_out(x) == pytest.approx(2 * problem.held_out(x), rel=1e-5)


def test_draws_of_a_step_are_averaged() -> None:
    problem = GeodesicProblem.of(START, END, 4, GeodesicOptions(draws=3), metric=tiny(Ensemble()))
    x, rng = problem.initial, stream(0, "optimise")
    three = problem.sample(x, rng)
    singles = [replace(problem, draws=1).sample(x, rng) for rng in [stream(0, "optimise")] * 3]
    torch.testing.assert_close(
        three.gradient, torch.stack([each.gradient for each in singles]).mean(0)
    )
    assert three.draws == 3


def test_a_metric_without_randomness_is_drawn_once() -> None:
    problem = GeodesicProblem.of(START, END, 4, GeodesicOptions(draws=3), metric=tiny())
    assert problem.draws == 1 and len(problem.held_out_draws) == 1


def test_held_out_judgement_is_the_energy_on_draws_of_its_own() -> None:
    problem = GeodesicProblem.of(START, END, 4, metric=tiny(Ensemble()))
    x = problem.initial
    assert problem.held_out(x) == problem.held_out(x)
    seeded = GeodesicProblem.of(START, END, 4, GeodesicOptions(seed=1), metric=tiny(Ensemble()))
    assert seeded.held_out(x) != problem.held_out(x)
    rng = stream(0, "optimise")
    mean = sum(problem.sample(x, rng).value for _ in range(200)) / 200
    assert problem.held_out(x) == pytest.approx(mean, rel=0.5)
    assert L2.held_out(L2.middle) == pytest.approx(L2.sample(L2.middle, rng).value, rel=1e-6)


def test_it_starts_at_the_reference_or_at_noise() -> None:
    blend, noisy = (
        GeodesicProblem.of(START, END, 6, GeodesicOptions(seed=7), metric="l2", init=init)
        for init in ("blend", "noise")
    )
    torch.testing.assert_close(blend.initial, fade(6)[1:-1])
    assert torch.equal(noisy.initial, noise_images(START, 4, 7))
    torch.testing.assert_close(noisy.middle, fade(6)[1:-1])
    whole = blend.complete(blend.initial)
    assert torch.equal(whole[0], START) and torch.equal(whole[-1], END) and len(whole) == 6


def test_other_levels_are_of_the_same_problem() -> None:
    start, end = noise(2, 3, 64, 72)
    problem = GeodesicProblem.of(start, end, 6, metric=tiny(Ensemble()), init="blend")
    finer = problem.at(11, (64, 72))
    assert finer.transitions == 11 and finer.held_out_draws == problem.held_out_draws
    small = problem.at(3, (32, 36))
    assert small.size == (32, 36) and small.middle.shape == (2, 3, 32, 36)
    torch.testing.assert_close(small.ends, resize(problem.ends, (32, 36)))
    torch.testing.assert_close(small.middle, resize(problem.at(3, (64, 72)).middle, (32, 36)))
    assert small.preconditioner().bands.spread.shape[-2:] == (32, 36)


def test_there_is_little_to_be_found_where_motion_explains_all() -> None:
    image = resize_short_side(read_sample("coffee"), 64)
    start, end = image[:, :48, :48], image[:, :48, 6:54]
    blend, flow = (
        GeodesicProblem.of(start, end, 4, metric="l2", init=init) for init in ("blend", "flow")
    )
    spreads = [each.preconditioner().bands.spread.mean() for each in (blend, flow)]
    assert spreads[1] < 0.5 * spreads[0]


def test_identity_is_of_what_is_solved() -> None:
    def identity(end=END, frames=5, metric="l2", init="crisp", **options):
        options = GeodesicOptions(**options)
        return GeodesicProblem.of(START, end, frames, options, metric=metric, init=init).identity

    assert identity() == identity() == identity(evaluation_draws=3, steps=7, tolerance=0.1)
    for key, changed in {
        "frames": identity(frames=6),
        "init": identity(init="blend"),
        "metric": identity(metric=tiny()),
        "power": identity(power=2),
        "pixel weight": identity(pixel_weight=0.5),
        "seed": identity(seed=1),
        "images": identity(end=END.flip(2)),
        "start": identity(init=fade(4)),
    }.items():
        assert changed[key] != identity()[key]


@pytest.mark.parametrize("init", ["crisp", "blend", "flow", "noise"])
def test_a_path_of_pictures_with_transparency(init: str) -> None:
    alpha = torch.zeros(2, 1, 32, 40)
    alpha[0, :, 8:24, 6:22], alpha[1, :, 6:26, 16:34] = 1, 0.8
    ends = torch.cat([alpha * noise(2, 3, 32, 40), alpha], 1)
    result = geodesic(*ends, 5, metric=tiny(Ensemble()), init=init, steps=60, evaluation_draws=2)
    assert isinstance(result.problem.metric, OverBackgrounds)
    frames = result.frames
    assert torch.equal(frames[0], ends[0]) and torch.equal(frames[-1], ends[1])
    assert (frames[:, :3] <= frames[:, 3:] + 1e-6).all() and 0 <= frames.min() <= frames.max() <= 1
    assert (frames[1:-1] != result.problem.middle).any() and result(0.3).shape == (4, 32, 40)
    assert result.evaluation.path.energy > 0
    with pytest.raises(InputError, match="end: found shape"):
        geodesic(ends[0], ends[1, :3], 5, metric=tiny(Ensemble()), init=init)
