"""Barycenters where the answer is known: the L2 metric, and bounds that hold for all."""

from __future__ import annotations

import pytest
import torch

from elpips.geometry import (
    BarycenterOptions,
    BarycenterProblem,
    barycenter,
    evaluate_barycenter,
    high_band_energy,
    high_band_ratio,
    pairwise_distances,
)
from elpips.media.crop import resize_short_side
from elpips.media.samples import read_sample
from elpips.metrics import InputError, Metric, create_metric
from elpips.metrics.seeds import stream

RNG = torch.Generator().manual_seed(0)
IMAGES = torch.rand(3, 3, 17, 21, generator=RNG)
WEIGHTS = [1.0, 2.0, 5.0]
MEAN = torch.einsum("k,kchw->chw", torch.tensor(WEIGHTS) / 8, IMAGES)


@pytest.mark.parametrize("init", ["blend", "noise", "image", "tensor"])
def test_l2_barycenter_is_the_weighted_mean(init: str) -> None:
    start = IMAGES[0] if init == "tensor" else init
    result = barycenter(IMAGES, WEIGHTS, metric="l2", init=start, steps=600)
    torch.testing.assert_close(result.image, MEAN, rtol=0, atol=0.02)
    # The mean is the optimum and reaches the bound.
    assert result.evaluation.excess < 2e-3
    assert result.evaluation.baseline.objective == pytest.approx(
        result.evaluation.lower_bound, rel=1e-5
    )


def test_released_schedule_and_power_two_reach_the_l2_midpoint() -> None:
    # Of two images, the equal-weight barycenter is the midpoint for either power.
    result = barycenter(
        IMAGES[:2], metric="l2", power=2, schedule="released", init="noise", steps=3000
    )
    torch.testing.assert_close(result.image, IMAGES[:2].mean(0), rtol=0, atol=0.02)
    assert result.evaluation.excess < 0.01


def test_random_subsets_have_the_same_optimum() -> None:
    result = barycenter(IMAGES, WEIGHTS, metric="l2", subset=1, steps=1500)
    assert result.evaluation.excess < 0.05


def test_subset_gradient_is_unbiased() -> None:
    full = BarycenterProblem.of(IMAGES, WEIGHTS, metric="l2")
    part = BarycenterProblem.of(IMAGES, WEIGHTS, options=BarycenterOptions(subset=1), metric="l2")
    x, rng = torch.full_like(IMAGES[:1], 0.5), stream(0, "optimise")
    mean = torch.stack([part.sample(x, rng).gradient for _ in range(4000)]).mean(0)
    exact = full.sample(x, rng).gradient
    assert (mean - exact).norm() < 0.1 * exact.norm()


def test_evaluation_of_an_input_and_of_the_mean() -> None:
    metric = create_metric("l2")
    weights = torch.tensor(WEIGHTS) / 8
    evaluation = evaluate_barycenter(metric, IMAGES[1], IMAGES, weights)
    distances = (IMAGES[1] - IMAGES).square().mean((1, 2, 3))
    assert evaluation.objective == pytest.approx(float(weights @ distances), rel=1e-5)
    assert evaluation.inputs[1].objective == pytest.approx(evaluation.objective, rel=1e-6)
    assert not evaluation.beats_baseline
    assert evaluate_barycenter(metric, MEAN, IMAGES, weights).beats_baseline
    assert evaluation.draws == 1 and evaluation.standard_error == 0


@pytest.mark.parametrize("power", [1, 2])
def test_no_image_is_below_the_bound(power: int) -> None:
    metric, weights = create_metric("l2"), torch.tensor(WEIGHTS) / 8
    for image in (MEAN, IMAGES[0], torch.rand(3, 17, 21, generator=RNG)):
        evaluation = evaluate_barycenter(metric, image, IMAGES, weights, power=power)
        assert evaluation.objective >= evaluation.lower_bound * (1 - 1e-6)
        assert evaluation.excess >= -1e-6


def test_identical_inputs_stay_as_they_are() -> None:
    same = IMAGES[:1].expand(3, -1, -1, -1)
    result = barycenter(same, metric="l2", steps=20)
    torch.testing.assert_close(result.image, IMAGES[0])
    assert result.evaluation.objective < 1e-12


def test_pairwise_distances() -> None:
    metric = create_metric("l2")
    matrix = pairwise_distances(metric, metric.embed(IMAGES, metric.draw((17, 21))))
    expected = (IMAGES[:, None] - IMAGES[None]).square().mean((2, 3, 4))
    torch.testing.assert_close(matrix, expected)


def test_high_band_energy_of_ghosts_and_flat_images() -> None:
    rng = torch.Generator().manual_seed(1)
    textures = torch.rand(2, 3, 64, 64, generator=rng)
    assert high_band_ratio(textures.mean(0), textures) == pytest.approx(0.5, abs=0.02)
    assert high_band_ratio(textures[0], textures) == pytest.approx(1.0, abs=0.02)
    assert float(high_band_energy(torch.full((1, 3, 20, 20), 0.3))) < 1e-12
    ramp = torch.linspace(0, 1, 64).expand(1, 3, 64, 64)
    assert float(high_band_energy(ramp)) < 1e-4


def test_streams_of_one_seed_differ_and_repeat() -> None:
    purposes = ("optimise", "held_out", "evaluate", "init")
    numbers = [torch.rand(4, generator=stream(5, purpose)) for purpose in purposes]
    for i, first in enumerate(numbers):
        assert torch.equal(first, torch.rand(4, generator=stream(5, purposes[i])))
        assert not any(torch.equal(first, other) for other in numbers[i + 1 :])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weights": [1.0, 2.0]}, "weights: found 2, expected 3"),
        ({"weights": [1.0, -1.0, 1.0]}, "weights"),
        ({"weights": [0.0, 0.0, 0.0]}, "weights"),
        ({"power": 3}, "power: found 3"),
        ({"draws": 0}, "draws"),
        ({"subset": 4}, "subset: found 4"),
        ({"init": "mean"}, "init: found 'mean'"),
        ({"init": torch.zeros(3, 5, 5)}, "init: found shape"),
        ({"schedule": "fast"}, "schedule: found 'fast'"),
        ({"metric": "lpips"}, "'lpips' is unknown"),
        ({"evaluation_draws": 0}, "evaluation draws"),
        ({"steps": -1}, "steps: found -1"),
    ],
)
def test_bad_options_are_refused(options: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        barycenter(IMAGES, **{"metric": "l2", "steps": 2, **options})


@pytest.fixture(scope="module")
def elpips() -> Metric:
    return create_metric("elpips_vgg")


@pytest.fixture(scope="module")
def faces() -> torch.Tensor:
    names = ("astronaut_face", "hopper_face")
    return torch.stack([resize_short_side(read_sample(name), 32) for name in names])


@pytest.mark.weights
def test_elpips_barycenter_beats_the_mean_and_the_inputs(elpips, faces) -> None:
    evaluation = barycenter(faces, metric=elpips, steps=100, evaluation_draws=16).evaluation
    assert evaluation.advantage.objective < -2 * evaluation.advantage.standard_error
    assert evaluation.objective < min(value.objective for value in evaluation.inputs)
    assert evaluation.objective > evaluation.lower_bound


@pytest.mark.weights
def test_same_seed_same_pixels(elpips, faces) -> None:
    first, second = (
        barycenter(faces, metric=elpips, steps=4, evaluation_draws=2, seed=9) for _ in range(2)
    )
    assert torch.equal(first.solution.state.x, second.solution.state.x)
    assert first.evaluation == second.evaluation
