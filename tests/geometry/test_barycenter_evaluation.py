"""What is known about a barycenter: objectives, baselines, and a bound that holds for all."""

from __future__ import annotations

import math

import pytest
import torch

from elpips.geometry import evaluate_barycenter, pairwise_distances
from elpips.metrics import Ensemble, InputError, create_metric
from tiny_metric import tiny
from toy_paths import noise

IMAGES = noise(3, 3, 17, 21, seed=0)
WEIGHTS = torch.tensor([1.0, 2.0, 5.0]) / 8
MEAN = torch.einsum("k,kchw->chw", WEIGHTS, IMAGES)


def test_evaluation_of_an_input_and_of_the_mean() -> None:
    metric = create_metric("l2")
    evaluation = evaluate_barycenter(metric, IMAGES[1], IMAGES, WEIGHTS)
    distances = (IMAGES[1] - IMAGES).square().mean((1, 2, 3))
    assert evaluation.objective == pytest.approx(float(WEIGHTS @ distances), rel=1e-5)
    assert evaluation.inputs[1].objective == pytest.approx(evaluation.objective, rel=1e-6)
    assert not evaluation.beats_baseline
    assert evaluate_barycenter(metric, MEAN, IMAGES, WEIGHTS).beats_baseline
    assert evaluation.draws == 1 and evaluation.standard_error == 0


@pytest.mark.parametrize("power", [1, 2])
@pytest.mark.parametrize("metric", ["l2", tiny(), tiny(Ensemble())], ids=["l2", "still", "random"])
def test_no_image_is_below_the_bound(metric, power: int) -> None:
    metric = create_metric("l2") if metric == "l2" else metric
    for image in (MEAN, IMAGES[0], noise(3, 17, 21, seed=3)):
        evaluation = evaluate_barycenter(metric, image, IMAGES, WEIGHTS, power=power, draws=4)
        assert evaluation.objective >= evaluation.lower_bound * (1 - 1e-6)
        assert evaluation.excess >= -1e-6
    # The last one is unrelated, and the mean optimal only for the flat metric.
    assert evaluation.excess > 0.5
    mean = evaluate_barycenter(metric, MEAN, IMAGES, WEIGHTS, power=power, draws=4)
    assert (mean.excess < 1e-4) == (metric.name == "l2" and power == 1)


def test_the_mean_reaches_the_bound_of_power_one() -> None:
    evaluation = evaluate_barycenter(create_metric("l2"), MEAN, IMAGES, WEIGHTS)
    assert evaluation.excess == pytest.approx(0, abs=1e-5)


def test_identical_inputs() -> None:
    same = IMAGES[:1].expand(3, -1, -1, -1)
    metric = create_metric("l2")
    exact = evaluate_barycenter(metric, IMAGES[0], same, WEIGHTS)
    off = evaluate_barycenter(metric, IMAGES[1], same, WEIGHTS)
    assert exact.lower_bound == 0 and exact.excess == pytest.approx(0, abs=1e-6)
    assert off.lower_bound == 0 and off.excess == math.inf


def test_pairwise_distances() -> None:
    metric = create_metric("l2")
    matrix = pairwise_distances(metric, metric.embed(IMAGES, metric.draw((17, 21))))
    expected = (IMAGES[:, None] - IMAGES[None]).square().mean((2, 3, 4))
    torch.testing.assert_close(matrix, expected)


def test_seeds_differ_and_repeat_and_draws_are_counted() -> None:
    seen: list[int] = []
    one, again, other = (
        evaluate_barycenter(
            tiny(Ensemble()), MEAN, IMAGES, WEIGHTS, draws=3, seed=seed, progress=seen.append
        )
        for seed in (5, 5, 6)
    )
    assert one == again and one.objective != other.objective and one.draws == 3
    assert seen == [1, 2, 3] * 3
    with pytest.raises(InputError, match="evaluation_draws: found 0"):
        evaluate_barycenter(tiny(Ensemble()), MEAN, IMAGES, WEIGHTS, draws=0)


@pytest.mark.parametrize("power", [1, 2])
def test_the_standard_error_is_that_of_repetitions(power: int) -> None:
    found = [
        evaluate_barycenter(
            tiny(Ensemble()), MEAN, IMAGES, WEIGHTS, draws=12, seed=seed, power=power
        )
        for seed in range(60)
    ]
    for value, error in (
        ([each.objective for each in found], [each.standard_error for each in found]),
        (
            [each.advantage.objective + each.inputs[0].objective for each in found],
            [each.inputs[0].standard_error for each in found],
        ),
    ):
        expected = torch.tensor(error, dtype=torch.float64).square().mean().sqrt()
        spread = torch.tensor(value, dtype=torch.float64).std()
        assert float(spread / expected) == pytest.approx(1, abs=0.35)


def test_weights_of_any_sum_and_pictures_with_transparency() -> None:
    metric = tiny(Ensemble())
    given, double = (
        evaluate_barycenter(metric, MEAN, IMAGES, weights, draws=2)
        for weights in (WEIGHTS, 16 * WEIGHTS)
    )
    assert double.objective == pytest.approx(given.objective, rel=1e-12)
    assert double.lower_bound == pytest.approx(given.lower_bound, rel=1e-12)
    clear = torch.cat([IMAGES, torch.ones_like(IMAGES[:, :1])], 1)
    found = evaluate_barycenter(create_metric("l2"), clear[0], clear)
    opaque = evaluate_barycenter(create_metric("l2"), IMAGES[0], IMAGES)
    assert found.objective == pytest.approx(opaque.objective, rel=1e-5)
    with pytest.raises(InputError, match="weights: found 2, expected 3"):
        evaluate_barycenter(metric, MEAN, IMAGES, [1.0, 2.0])
    with pytest.raises(InputError, match="image: found shape"):
        evaluate_barycenter(metric, MEAN[None], IMAGES)
