"""Attacks where the answer is known (L2), and on a small ensemble, where bounds hold."""

from __future__ import annotations

import sys

import pytest
import torch

from elpips.geometry import AttackProblem, IdentityError, attack, evaluate_attack
from elpips.geometry.attack_problem import rms
from elpips.geometry.noise import noisy
from elpips.metrics import Ensemble, InputError
from elpips.optim import StopReason
from tiny_metric import tiny
from toy_problems import stop_at

RNG = torch.Generator().manual_seed(0)
SOURCE = torch.rand(3, 24, 28, generator=RNG) * 0.4 + 0.3
TARGET = torch.rand(3, 24, 28, generator=RNG) * 0.4 + 0.3
ENSEMBLE = Ensemble(scale_levels=1, dropout_keep=0.99)


def test_l2_lets_a1_go_no_farther_than_the_anchor() -> None:
    found = attack("a1", SOURCE, TARGET, metric="l2", steps=200)
    radius = rms(found.anchor - SOURCE)
    way = TARGET - SOURCE
    expected = SOURCE + radius * way / way.square().mean().sqrt()
    torch.testing.assert_close(found.image, expected, rtol=0, atol=0.01)
    each = found.evaluation
    assert each.relative_l2 == pytest.approx(1, abs=0.01)
    assert each.relative_distance <= 1 + 1e-6
    assert each.target_l2 == pytest.approx(1 - radius / rms(way), abs=0.01)


def test_l2_lets_a2_go_no_farther_than_the_anchor() -> None:
    each = attack("a2", SOURCE, metric="l2", steps=30).evaluation
    assert each.relative_distance == pytest.approx(1, rel=1e-4)
    assert each.relative_l2 <= 1 + 1e-5 and each.target_l2 is None


def test_untargeted_a1_leaves_the_source() -> None:
    each = attack("a1", SOURCE, metric="l2", steps=100).evaluation
    assert each.relative_l2 == pytest.approx(1, abs=0.01)
    assert each.target_l2 is None


@pytest.mark.parametrize("ensemble", [None, ENSEMBLE], ids=["still", "ensemble"])
def test_a1_deceives_a_network_within_its_constraint(ensemble: Ensemble | None) -> None:
    found = attack("a1", SOURCE, TARGET, metric=tiny(ensemble), steps=400, evaluation_draws=200)
    each = found.evaluation
    assert each.relative_l2 > 1.02
    problem = AttackProblem.of("a1", SOURCE, TARGET, metric=tiny(ensemble))
    straight = problem.tighten(torch.lerp(SOURCE, TARGET, 0.01)[None])
    assert rms(found.image - TARGET) < rms(straight - TARGET)
    assert each.relative_distance <= 1 + 4 * each.relative_distance_error + 1e-6
    assert each.relative_distance > 0.9
    assert found.image.min() >= 0 and found.image.max() <= 1


@pytest.mark.parametrize("ensemble", [None, ENSEMBLE], ids=["still", "ensemble"])
def test_a2_raises_the_distance_within_the_ball(ensemble: Ensemble | None) -> None:
    each = attack("a2", SOURCE, metric=tiny(ensemble), steps=60).evaluation
    assert each.relative_distance > 1.2
    assert each.relative_l2 <= 1 + 1e-5


def test_same_seed_same_numbers_and_another_seed_others() -> None:
    first, again, other = (
        attack("a1", SOURCE, TARGET, metric=tiny(ENSEMBLE), steps=5, seed=seed)
        for seed in (0, 0, 1)
    )
    assert torch.equal(first.image, again.image) and first.evaluation == again.evaluation
    assert not torch.equal(first.image, other.image)


def test_the_anchor_is_the_source_with_noise_of_the_seed() -> None:
    for sigma, seed in ((0.05, 0), (0.1, 7)):
        found = attack("a2", SOURCE, metric="l2", steps=1, sigma=sigma, seed=seed)
        assert torch.equal(found.anchor, noisy(SOURCE[None], sigma, seed)[0])


def test_callbacks_see_every_step() -> None:
    seen = []
    attack("a1", SOURCE, metric="l2", steps=9, callbacks=[lambda run: seen.append(run.step)])
    assert seen == list(range(1, 10))


class TestEvaluation:
    def test_is_that_of_the_image_at_the_same_seed(self) -> None:
        found = attack(
            "a1", SOURCE, TARGET, metric=tiny(ENSEMBLE), steps=4, evaluation_draws=9, seed=11
        )
        expected = evaluate_attack(found.problem, found.image, draws=9, seed=11)
        assert found.evaluation == expected and found.evaluation.draws == 9

    def test_measures_what_it_says(self) -> None:
        problem = AttackProblem.of("a1", SOURCE, TARGET, metric="l2")
        image = torch.lerp(SOURCE, TARGET, 0.25)
        each = evaluate_attack(problem, image)
        distance = rms(image - SOURCE) ** 2
        assert each.distance == pytest.approx(distance, rel=1e-5)
        assert each.level == pytest.approx(rms(problem.anchor[0] - SOURCE) ** 2, rel=1e-5)
        assert each.relative_distance == pytest.approx(each.distance / each.level)
        assert each.relative_l2 == pytest.approx(rms(image - SOURCE) / problem.radius, rel=1e-5)
        assert each.target_l2 == pytest.approx(0.75, rel=1e-5)
        assert each.draws == 1 and each.distance_error == each.relative_distance_error == 0

    def test_is_computed_once_and_when_it_is_asked_for(self, monkeypatch) -> None:
        calls = []
        module = sys.modules[attack.__module__]
        evaluate = module.evaluate_attack

        def counting(*args, **kwargs):
            calls.append(kwargs["draws"])
            return evaluate(*args, **kwargs)

        monkeypatch.setattr(module, "evaluate_attack", counting)
        found = attack("a2", SOURCE, metric=tiny(ENSEMBLE), steps=2, evaluation_draws=3)
        assert calls == []
        assert found.evaluation is found.evaluation and calls == [3]

    @pytest.mark.parametrize(("asked", "taken"), [(60, 8), (5, 5)])
    def test_takes_few_draws_after_ctrl_c(self, asked: int, taken: int) -> None:
        found = attack(
            "a2", SOURCE, metric=tiny(ENSEMBLE), evaluation_draws=asked, callbacks=[stop_at(3)]
        )
        assert found.stop_reason is StopReason.INTERRUPTED
        assert found.evaluation.draws == taken


class TestGoingOn:
    @pytest.mark.parametrize(("kind", "target"), [("a1", TARGET), ("a1", None), ("a2", None)])
    @pytest.mark.parametrize("stops", [(1,), (100,), (20, 21, 99)])
    def test_gives_the_pixels_of_an_attack_that_did_not_stop(self, kind, target, stops) -> None:
        def solve(steps: int, run=None):
            return attack(
                kind,
                SOURCE,
                target,
                metric=tiny(ENSEMBLE),
                steps=steps,
                run=run,
                evaluation_draws=4,
                seed=5,
            )

        whole, run = solve(110), None
        for steps in (*stops, 110):
            found = solve(steps, run)
            run = found.solution.state
        assert torch.equal(found.image, whole.image)
        assert found.evaluation == whole.evaluation
        assert torch.equal(run.x, whole.solution.state.x) and len(run.history) == 110

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"kind": "a2", "target": None}, "made with kind a1, not a2"),
            ({"source": SOURCE.flip(2)}, "made with another source image"),
            ({"target": None}, "made with another target image, or none"),
            ({"metric": "l2"}, "made with --metric tiny, not l2"),
            ({"sigma": 0.1}, "made with --sigma 0.05, not 0.1"),
            ({"seed": 6}, "made with --seed 5, not 6"),
        ],
    )
    def test_another_problem_is_refused(self, change, message: str) -> None:
        arguments = {
            "kind": "a1",
            "source": SOURCE,
            "target": TARGET,
            "metric": tiny(),
            "seed": 5,
            "steps": 3,
        }
        run = attack(**arguments).solution.state
        with pytest.raises(IdentityError, match=message) as caught:
            attack(**{**arguments, **change}, run=run)
        assert "\n" not in str(caught.value) and isinstance(caught.value, InputError)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("a3", SOURCE), "expected a1 or a2"),
        (("a2", SOURCE, TARGET), "takes no target"),
        (("a1", SOURCE, TARGET[:, 1:]), "differ in shape"),
        (("a1", SOURCE, SOURCE), "same image"),
        (("a1", SOURCE * 3), "expected \\[0, 1\\]"),
        (("a1", SOURCE, TARGET * float("nan")), "target: found values"),
    ],
)
def test_bad_input_is_said(arguments, message: str) -> None:
    with pytest.raises(InputError, match=message):
        attack(*arguments, metric="l2")


@pytest.mark.parametrize(
    "options", [{"sigma": 0.0}, {"steps": -1}, {"evaluation_draws": 0}, {"precision": "half"}]
)
def test_bad_options_are_said(options) -> None:
    with pytest.raises(InputError, match=f"{next(iter(options)).replace('_', '.')}"):
        attack("a1", SOURCE, metric=tiny(), **options)
