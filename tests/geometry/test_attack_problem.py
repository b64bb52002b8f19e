"""Attacks as stochastic problems: samples, the constraint and where it is just kept."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from elpips.geometry import AttackOptions, AttackProblem
from elpips.geometry.attack_problem import mean_distance, rms
from elpips.geometry.strata import Strata
from elpips.metrics import Ensemble, InputError
from elpips.metrics.base import image_size
from elpips.metrics.seeds import stream
from elpips.optim import PrimalDualAdam, ProjectedMomentum
from tiny_metric import tiny
from toy_paths import noise

SOURCE, TARGET = noise(2, 3, 24, 28, seed=0) * 0.4 + 0.3
ENSEMBLE = Ensemble(scale_levels=1, dropout_keep=0.99)


def test_the_constraint_is_tightened_from_both_sides() -> None:
    problem = AttackProblem.of("a1", SOURCE, TARGET, metric="l2")
    for share in (0.02, 0.9):
        x = problem.tighten(torch.lerp(SOURCE, TARGET, share)[None])
        assert rms(x - SOURCE) == pytest.approx(problem.radius, rel=5e-3)
        assert rms(x - SOURCE) <= problem.radius * (1 + 1e-6)


def test_where_all_the_way_is_allowed_it_goes_all_the_way() -> None:
    near = SOURCE + 0.01 * (TARGET - SOURCE)
    problem = AttackProblem.of("a1", SOURCE, near, metric="l2")
    torch.testing.assert_close(problem.tighten(torch.lerp(SOURCE, near, 0.5)[None])[0], near)


def test_an_attack_in_a_ball_is_left_as_it_is() -> None:
    problem = AttackProblem.of("a2", SOURCE, metric="l2")
    x = torch.lerp(SOURCE, TARGET, 0.7)[None]
    assert problem.tighten(x) is x


def test_samples_of_a1_are_the_distance_to_the_target_and_a_constraint() -> None:
    problem = AttackProblem.of("a1", SOURCE, TARGET, metric="l2")
    x = torch.lerp(SOURCE, TARGET, 0.25)[None]
    sample = problem.sample(x, stream(0, "optimise"))
    assert sample.value == pytest.approx(rms(x - TARGET) / problem.radius, rel=1e-5)
    along = (x - TARGET) / (rms(x - TARGET) * x.numel() * problem.radius)
    torch.testing.assert_close(sample.gradient, along, rtol=1e-4, atol=1e-8)
    expected = (rms(x - SOURCE) / problem.radius) ** 2 - 0.98
    assert sample.constraint.value == pytest.approx(expected, rel=1e-4)
    slope = 2 * (x - SOURCE) / x.numel() / problem.radius**2
    torch.testing.assert_close(sample.constraint.gradient, slope, rtol=1e-3, atol=1e-7)


def test_without_a_target_it_is_the_distance_from_the_source() -> None:
    problem = AttackProblem.of("a1", SOURCE, metric="l2")
    sample = problem.sample(problem.anchor, stream(0, "optimise"))
    assert sample.value == pytest.approx(-1, rel=1e-4)
    assert float((sample.gradient * (problem.anchor - SOURCE)).sum()) < 0


def test_samples_of_a2_are_minus_the_distance() -> None:
    problem = AttackProblem.of("a2", SOURCE, metric="l2")
    sample = problem.sample(problem.anchor, stream(0, "optimise"))
    assert sample.value == pytest.approx(-1, rel=1e-4) and sample.constraint is None
    assert problem.held_out(problem.anchor) == pytest.approx(-1, rel=1e-4)


def test_samples_have_the_mean_that_is_judged() -> None:
    problem = AttackProblem.of("a2", SOURCE, metric=tiny(ENSEMBLE))
    # More than are judged on, so that another seed is no matter.
    draws = Strata.of(problem.metric, image_size(SOURCE), 1000, stream(0, "held_out"))
    problem = replace(problem, held_out_draws=draws)
    x, rng = torch.lerp(SOURCE, TARGET, 0.2)[None], stream(0, "optimise")
    mean = sum(problem.sample(x, rng).value for _ in range(600)) / 600
    assert problem.held_out(x) == pytest.approx(mean, rel=0.1)
    length = mean_distance(problem.metric, x, problem.source, problem.held_out_draws)
    assert problem.held_out(x) == pytest.approx(-length / problem.level, rel=1e-6)


def test_each_attack_has_its_solver() -> None:
    a1 = AttackProblem.of("a1", SOURCE, metric="l2").solver()
    a2 = AttackProblem.of("a2", SOURCE, metric="l2")
    assert isinstance(a1, PrimalDualAdam)
    solver = a2.solver()
    assert isinstance(solver, ProjectedMomentum)
    assert torch.equal(solver.center, SOURCE[None]) and solver.radius == a2.radius


def test_an_anchor_that_the_metric_does_not_see_is_said() -> None:
    problem = AttackProblem.of("a2", SOURCE, None, AttackOptions(sigma=1e-30), metric="l2")
    with pytest.raises(InputError, match="l2 does not tell the noisy anchor from the source"):
        _ = problem.level


def test_identity_is_of_what_is_solved() -> None:
    def of(kind="a1", source=SOURCE, target=TARGET, metric="l2", **options):
        options = AttackOptions(**options)
        return AttackProblem.of(kind, source, target, options, metric=metric).identity

    assert of() == of(evaluation_draws=3, steps=5)
    for key, changed in {
        "kind": of("a2", target=None),
        "source": of(source=SOURCE.flip(2)),
        "target": of(target=TARGET.flip(2)),
        "metric": of(metric=tiny()),
        "sigma": of(sigma=0.1),
        "seed": of(seed=1),
    }.items():
        assert changed[key] != of()[key]
