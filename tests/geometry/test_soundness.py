"""Of a run's state, everything is looked at before it is gone on from."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from elpips.geometry.soundness import UnsoundError, check_fits, check_sound
from elpips.metrics import InputError
from elpips.optim import History, PaperAdam, PreconditionedAdam, RunningAverage, Scaling
from toy_problems import MIDDLE, SOLVERS, quadratic, solve


def run_of(solver=None, problem=quadratic, steps: int = 5):
    return solve(problem(), solver or PaperAdam(), steps).state


RUN = run_of()
NAN = torch.full_like(MIDDLE, float("nan"))
RECORDS = list(RUN.history)


@pytest.mark.parametrize(("problem", "solver"), SOLVERS)
@pytest.mark.parametrize("steps", [0, 1, 23])
def test_every_solvers_run_is_sound_and_fits(problem, solver, steps) -> None:
    run = run_of(solver, problem, steps)
    assert check_fits(run, solver, MIDDLE) is run


def test_values_on_held_out_draws_need_not_be_finite() -> None:
    for value in (float("nan"), float("inf")):
        evaluations = (*RUN.evaluations[:-1], (RUN.step, value))
        run = replace(RUN, best_value=value, evaluations=evaluations)
        assert check_sound(run) is run


CHANGES = [
    {"identity": [1]},
    {"identity": {"images": MIDDLE}},
    {"identity": {3: "seed"}},
    {"identity": {"levels": [[[[[[[1]]]]]]]}},
    {"step": 4},
    {"step": -1},
    {"step": 5.0},
    {"step": True},
    {"step": None},
    {"best_step": 6},
    {"seconds": float("nan")},
    {"seconds": -1.0},
    {"best_value": "low"},
    {"x": 5},
    {"x": MIDDLE[0]},
    {"x": MIDDLE + 1},
    {"x": NAN},
    {"x": MIDDLE.long()},
    {"x": MIDDLE.to_sparse()},
    {"candidate": MIDDLE[..., 1:]},
    {"best": NAN},
    {"solver": RunningAverage(MIDDLE)},
    {"solver": replace(RUN.solver, step=4)},
    {"solver": replace(RUN.solver, step="5")},
    {"solver": replace(RUN.solver, mean=NAN)},
    {"solver": replace(RUN.solver, mean="none")},
    {"solver": replace(RUN.solver, mean=MIDDLE.long())},
    {"generator": torch.zeros(5, dtype=torch.uint8)},
    {"generator": torch.zeros(5)},
    {"generator": "state"},
    {"history": History(RECORDS[:4])},
    {"history": History(RECORDS[::-1])},
    {"history": History([*RECORDS[:4], replace(RECORDS[4], draws=0)])},
    {"history": History([*RECORDS[:4], replace(RECORDS[4], loss=float("inf"))])},
    {"evaluations": ()},
    {"evaluations": (1, 2)},
    {"evaluations": ((0, 1.0), (6, 1.0))},
    {"evaluations": ((3, 1.0), (0, 1.0))},
    {"evaluations": ((0, "low"),)},
]


@pytest.mark.parametrize("changes", CHANGES, ids=lambda changes: " ".join(changes))
def test_what_no_run_can_be_in_is_refused(changes) -> None:
    with pytest.raises(UnsoundError) as caught:
        check_sound(replace(RUN, **changes))
    assert "\n" not in str(caught.value) and isinstance(caught.value, InputError)


def test_values_on_held_out_draws_may_be_infinite() -> None:
    run = replace(RUN, best_value=float("inf"), evaluations=((0, float("inf")),))
    assert check_sound(run) is run


def test_averages_are_as_large_as_the_images() -> None:
    run = run_of(PreconditionedAdam(Scaling(0.3)))
    solver = replace(run.solver, iterates=RunningAverage(MIDDLE[0], 1.0))
    with pytest.raises(UnsoundError, match=r"iterates\.value has another shape"):
        check_sound(replace(run, solver=solver))


def test_a_run_of_other_images_or_another_solver_does_not_fit() -> None:
    with pytest.raises(UnsoundError, match="the run is at images"):
        check_fits(RUN, PaperAdam(), MIDDLE[..., 1:])
    with pytest.raises(UnsoundError, match="not as PreconditionedAdam has it"):
        check_fits(RUN, PreconditionedAdam(Scaling(0.3)), MIDDLE)
    wrong = replace(RUN.solver, mean=MIDDLE[None])
    with pytest.raises(UnsoundError, match="not as PaperAdam has it"):
        check_fits(replace(RUN, solver=wrong), PaperAdam(), MIDDLE)
