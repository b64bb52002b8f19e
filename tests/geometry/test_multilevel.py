"""Coarse to fine: levels, what goes on from one to the next, and stopping anywhere."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from elpips.geometry import (
    GeodesicOptions,
    GeodesicProblem,
    geodesic,
    load_run,
    multilevel,
    save_run,
)
from elpips.geometry.multilevel import (
    default_steps,
    identity,
    level_of,
    minimise_path,
    on_finest,
    plan,
    start_path,
    work_after,
)
from elpips.geometry.sine_modes import times_of
from elpips.metrics import Ensemble, InputError
from elpips.optim import PaperAdam, StoppingCriteria, StopReason
from tiny_metric import tiny
from toy_paths import END, START, fade, noise
from toy_problems import same, stop_at


def levels_of_ten_frames():
    options = GeodesicOptions(seed=3, quality="draft")
    problem = GeodesicProblem.of(START, END, 10, options, metric=tiny(Ensemble()))
    return plan(problem, options)


def solve(levels, steps: int, run=None, callbacks=()):
    run = run or start_path(levels, 3)
    return minimise_path(levels, run, StoppingCriteria(steps), callbacks)


def test_levels_double_and_end_with_the_wanted_number() -> None:
    for frames, expected in ((3, [2]), (4, [2, 3]), (10, [2, 4, 9]), (17, [2, 4, 8, 16])):
        options = GeodesicOptions(quality="draft")
        levels = plan(GeodesicProblem.of(START, END, frames, metric="l2"), options)
        assert [level.problem.transitions for level in levels] == expected
        assert levels[-1].last_step is None
        assert default_steps(levels) == [70, 120, 150, 180][len(levels) - 1]
    problem = GeodesicProblem.of(START, END, 10, metric="l2")
    assert len(plan(problem, GeodesicOptions(coarse_to_fine=False))) == 1


def test_work_is_that_of_the_levels_gone_through() -> None:
    levels = levels_of_ten_frames()
    pixels = START.shape[1] * START.shape[2]
    # 50 steps on 2 transitions, 30 on 4, then on 9.
    for step, expected in ((0, 0), (20, 40), (50, 100), (60, 140), (80, 220), (100, 400)):
        assert work_after(levels, step) == expected * pixels


def test_noise_is_left_in_larger_steps() -> None:
    def first_step(init: str, **options: float) -> float:
        problem = GeodesicProblem.of(START, END, 5, metric="l2", init=init)
        return plan(problem, GeodesicOptions(**options))[0].solver.size(0)

    assert first_step("texture") == first_step("noise") > first_step("crisp") > first_step("flow")
    assert first_step("texture", step_size=0.07) == first_step("crisp", step_size=0.07) == 0.07


@pytest.mark.parametrize("halvings", [0, 1])
def test_the_released_schedule_is_one_level(halvings: int) -> None:
    options = GeodesicOptions(quality="draft", schedule="released", halvings=halvings)
    problem = GeodesicProblem.of(START, END, 10, options, metric="l2")
    (level,) = plan(problem, options)
    assert level.solver == PaperAdam() and level.last_step is None
    assert level.problem is problem and default_steps((level,)) == 70


def test_halvings_come_first_and_reach_the_same_path() -> None:
    start, end = noise(2, 3, 70, 65, seed=0)
    problem = GeodesicProblem.of(start, end, 4, metric="l2", init="noise")
    levels = plan(problem, GeodesicOptions(halvings=1))
    shapes = [(level.problem.transitions, level.problem.size) for level in levels]
    assert shapes == [(2, (35, 32)), (3, (35, 32)), (3, (70, 65))]
    result = geodesic(start, end, 4, metric="l2", init="noise", halvings=1, steps=500)
    assert result.frames.shape == (4, 3, 70, 65)
    assert result.evaluation.path.excess < 0.01
    early = geodesic(start, end, 4, metric="l2", init="noise", halvings=1, steps=80)
    assert early.solution.value.shape[-1] == 32 and early.frames.shape == (4, 3, 70, 65)


def test_images_are_not_halved_below_what_a_network_sees() -> None:
    problem = GeodesicProblem.of(START, END, 4, metric="l2")
    with pytest.raises(InputError, match="halvings: found 1, which leaves 10 x 8 px"):
        plan(problem, GeodesicOptions(halvings=1))


def test_a_short_run_ends_on_a_coarse_level_and_still_has_all_frames() -> None:
    result = geodesic(START, END, 10, metric="l2", init="blend", steps=5)
    assert result.solution.value.shape[0] == 1 and result.frames.shape[0] == 10
    torch.testing.assert_close(result.frames, fade(10), rtol=0, atol=0.02)


def test_a_short_run_has_come_nearer_from_elsewhere() -> None:
    begun, short = (
        geodesic(START, END, 10, metric="l2", init="crisp", steps=steps) for steps in (0, 20)
    )
    assert short.solution.value.shape[0] == 1 and short.frames.shape[0] == 10
    errors = [(each.frames - fade(10)).square().mean() for each in (begun, short)]
    assert errors[1] < 0.5 * errors[0]


@pytest.mark.parametrize("stop", [0, 30, 50, 51, 80, 100])
def test_a_path_through_a_checkpoint_is_bit_identical(stop: int, tmp_path: Path) -> None:
    levels = levels_of_ten_frames()
    whole = solve(levels, 120)
    part = solve(levels, stop)
    save_run(tmp_path / "run.pt", part.state)
    resumed = solve(levels, 120, load_run(tmp_path / "run.pt"))
    assert torch.equal(resumed.state.x, whole.state.x)
    assert same(resumed.state.solver, whole.state.solver)
    assert torch.equal(resumed.value, whole.value)
    assert resumed.state.evaluations == whole.state.evaluations


def test_interruption_on_a_coarse_level_keeps_a_path() -> None:
    levels = levels_of_ten_frames()
    solution = solve(levels, 120, callbacks=[stop_at(80)])
    assert solution.result is StopReason.INTERRUPTED and solution.state.step in (79, 80)
    assert level_of(levels, solution.value) == 1
    assert on_finest(levels, solution.value).shape == (8, 3, 17, 21)


def test_interruption_between_levels_loses_nothing(monkeypatch) -> None:
    levels = levels_of_ten_frames()

    def interrupted(*_) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(multilevel, "_carry", interrupted)
        solution = solve(levels, 120)
    assert solution.result is StopReason.INTERRUPTED and solution.state.step == levels[0].last_step
    resumed, whole = solve(levels, 120, solution.state), solve(levels, 120)
    assert torch.equal(resumed.value, whole.value)


def test_refining_keeps_the_path() -> None:
    levels = levels_of_ten_frames()

    def wave(times: list[float]) -> torch.Tensor:
        return 0.05 * torch.sin(torch.pi * torch.tensor(times))[:, None, None, None]

    coarse, fine = levels[1].problem.middle, levels[-1].problem.middle
    lifted = on_finest(levels, coarse + wave(times_of(4)[1:-1]))
    expected = fine + wave(times_of(9)[1:-1])
    inside = (expected > 0) & (expected < 1)
    torch.testing.assert_close(lifted[inside], expected[inside], rtol=0, atol=1e-5)


def test_callbacks_see_every_step_of_every_level() -> None:
    seen = []
    solve(levels_of_ten_frames(), 100, callbacks=[lambda run: seen.append((run.step, len(run.x)))])
    assert [step for step, _ in seen] == list(range(1, 101))
    assert [frames for _, frames in seen] == [1] * 50 + [3] * 30 + [8] * 20


def test_tolerance_and_patience_count_on_the_finest_level_only() -> None:
    levels = levels_of_ten_frames()
    criteria = StoppingCriteria(300, patience=1, evaluate_every=1)
    solution = minimise_path(levels, start_path(levels, 3), criteria)
    assert solution.result is StopReason.NO_PROGRESS and 80 < solution.state.step < 300


def test_identity_is_of_the_levels_and_their_solvers() -> None:
    def of(**options):
        options = GeodesicOptions(**options)
        problem = GeodesicProblem.of(START, END, 10, options, metric="l2")
        return identity(plan(problem, options))

    assert of(steps=9) == of(steps=3, tolerance=0.5) == of(quality="draft")
    assert of(quality="draft")["level steps"] != of()["level steps"]
    # A standard run can be gone on with as the best.
    assert of(quality="best") == of()
    assert of()["levels"] == [[2, 17, 21], [4, 17, 21], [9, 17, 21]]
    assert of(coarse_to_fine=False)["levels"] != of()["levels"]
    for changed in (of(step_size=0.2), of(schedule="released")):
        assert changed["solver"] != of()["solver"]
