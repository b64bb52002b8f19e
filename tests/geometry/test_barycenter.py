"""Barycenters where the answer is known: the L2 metric, and what holds for all."""

from __future__ import annotations

import sys

import pytest
import torch

from elpips.geometry import IdentityError, barycenter, evaluate_barycenter
from elpips.media.crop import resize_short_side
from elpips.media.samples import read_sample
from elpips.metrics import Ensemble, InputError, Metric, create_metric
from elpips.optim import StopReason
from tiny_metric import tiny
from toy_paths import noise
from toy_problems import stop_at

IMAGES = noise(3, 3, 17, 21, seed=0)
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
    # All starts but the mean, which is to be kept, are far from it.
    begun = barycenter(IMAGES, WEIGHTS, metric="l2", init=start, steps=0)
    assert (begun.evaluation.excess < 1e-5) if init == "blend" else (begun.evaluation.excess > 0.3)


def test_power_two_leaves_the_mean_for_its_own_optimum() -> None:
    result = barycenter(IMAGES, WEIGHTS, metric="l2", power=2, init="blend", steps=600)
    # There the gradient sum_k w_k D_k (x - a_k) is 0.
    expected = MEAN
    for _ in range(200):
        shares = torch.tensor(WEIGHTS) * (expected - IMAGES).square().mean((1, 2, 3))
        mean = torch.einsum("k,kchw->chw", shares / shares.sum(), IMAGES)
        expected = torch.lerp(expected, mean, 0.3)
    assert (expected - MEAN).abs().max() > 0.1
    torch.testing.assert_close(result.image, expected, rtol=0, atol=0.02)
    assert result.evaluation.beats_baseline


def test_released_schedule_and_power_two_reach_the_l2_midpoint() -> None:
    # Of two images, the equal-weight barycenter is the midpoint for either power.
    result = barycenter(
        IMAGES[:2], metric="l2", power=2, schedule="released", init="noise", steps=3000
    )
    torch.testing.assert_close(result.image, IMAGES[:2].mean(0), rtol=0, atol=0.02)
    assert result.evaluation.excess < 0.01


@pytest.mark.parametrize("init", ["blend", "noise"])
def test_random_subsets_have_the_same_optimum(init: str) -> None:
    result = barycenter(IMAGES, WEIGHTS, metric="l2", subset=1, steps=1500, init=init)
    assert result.evaluation.excess < 0.05


@pytest.mark.parametrize("init", ["blend", "noise"])
def test_identical_inputs_stay_as_they_are(init: str) -> None:
    same = IMAGES[:1].expand(3, -1, -1, -1)
    result = barycenter(same, metric="l2", steps=20 if init == "blend" else 600, init=init)
    if init == "blend":
        torch.testing.assert_close(result.image, IMAGES[0])
        assert result.evaluation.objective < 1e-12
    else:
        torch.testing.assert_close(result.image, IMAGES[0], rtol=0, atol=0.02)


def test_callbacks_see_every_step() -> None:
    seen = []
    barycenter(IMAGES, metric="l2", steps=7, callbacks=[lambda run: seen.append(run.step)])
    assert seen == [1, 2, 3, 4, 5, 6, 7]


class TestEvaluation:
    def test_is_that_of_the_image_at_the_same_seed(self) -> None:
        metric = tiny(Ensemble())
        result = barycenter(
            IMAGES, WEIGHTS, metric=metric, power=2, steps=4, evaluation_draws=5, seed=11
        )
        weights = torch.tensor(WEIGHTS) / 8
        expected = evaluate_barycenter(
            metric, result.image, IMAGES, weights, power=2, draws=5, seed=11
        )
        assert result.evaluation == expected and result.evaluation.draws == 5

    def test_is_computed_once_and_when_it_is_asked_for(self, monkeypatch) -> None:
        calls = []
        # The function has the name of its module.
        module = sys.modules[barycenter.__module__]
        evaluate = module.evaluate_barycenter

        def counting(*args, **kwargs):
            calls.append(kwargs["draws"])
            return evaluate(*args, **kwargs)

        monkeypatch.setattr(module, "evaluate_barycenter", counting)
        result = barycenter(IMAGES, metric=tiny(Ensemble()), steps=2, evaluation_draws=3)
        assert calls == []
        assert result.evaluation is result.evaluation and calls == [3]

    @pytest.mark.parametrize(("asked", "taken"), [(60, 8), (2, 2)])
    def test_takes_few_draws_after_ctrl_c(self, asked: int, taken: int) -> None:
        result = barycenter(
            IMAGES, metric=tiny(Ensemble()), evaluation_draws=asked, callbacks=[stop_at(3)]
        )
        assert result.stop_reason is StopReason.INTERRUPTED
        assert result.evaluation.draws == taken


class TestGoingOn:
    @pytest.mark.parametrize("schedule", ["adaptive", "released"])
    @pytest.mark.parametrize("stops", [(1,), (50,), (20, 21, 51)])
    def test_gives_the_pixels_of_a_run_that_did_not_stop(self, stops, schedule) -> None:
        def solve(steps: int, run=None):
            return barycenter(
                IMAGES,
                WEIGHTS,
                metric=tiny(Ensemble()),
                steps=steps,
                run=run,
                subset=2,
                schedule=schedule,
                evaluation_draws=3,
                seed=5,
            )

        whole, run = solve(60), None
        for steps in (*stops, 60):
            result = solve(steps, run)
            run = result.solution.state
        assert torch.equal(result.image, whole.image)
        assert result.evaluation == whole.evaluation
        assert torch.equal(run.x, whole.solution.state.x) and len(run.history) == 60

    def test_goes_on_after_ctrl_c(self) -> None:
        def solve(**more):
            return barycenter(IMAGES, metric=tiny(Ensemble()), steps=20, **more)

        stopped = solve(callbacks=[stop_at(13)])
        resumed = solve(run=stopped.solution.state)
        assert torch.equal(resumed.image, solve().image)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"weights": [1, 1, 2]}, "made with --weights"),
            ({"metric": "l2"}, "made with --metric tiny, not l2"),
            ({"power": 2}, "made with --power 1, not 2"),
            ({"subset": 2}, "made with --subset none, not 2"),
            ({"images": IMAGES.flip(3)}, "made with other images .number 1, 2, 3 of 3"),
            ({"init": "image"}, "made with another start"),
            ({"schedule": "released"}, "made with --schedule adaptive, not released"),
            ({"seed": 6}, "made with --seed 5, not 6"),
        ],
    )
    def test_another_problem_is_refused(self, change, message: str) -> None:
        arguments = {"images": IMAGES, "metric": tiny(), "seed": 5, "steps": 3}
        run = barycenter(**arguments).solution.state
        with pytest.raises(IdentityError, match=message) as caught:
            barycenter(**{**arguments, **change}, run=run)
        assert "\n" not in str(caught.value) and isinstance(caught.value, InputError)


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
        ({"evaluation_draws": 0}, "evaluation_draws: found 0"),
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
    first, second, other = (
        barycenter(faces, metric=elpips, steps=4, evaluation_draws=2, seed=seed)
        for seed in (9, 9, 10)
    )
    assert torch.equal(first.solution.state.x, second.solution.state.x)
    assert first.evaluation == second.evaluation
    assert not torch.equal(first.solution.state.x, other.solution.state.x)
