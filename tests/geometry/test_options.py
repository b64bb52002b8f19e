"""Options: defaults, overrides, and numbers that no run can use."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest
import torch

from elpips.geometry import (
    AttackOptions,
    BarycenterOptions,
    GeodesicOptions,
    attack,
    barycenter,
    geodesic,
    interpolate,
    morph,
)
from elpips.geometry.options import INTERPOLATION, choose_options, make_criteria
from elpips.metrics import InputError
from elpips.optim import StoppingCriteria
from toy_paths import END, START, noise

ALL = [GeodesicOptions(), BarycenterOptions(), AttackOptions()]
IMAGES = noise(3, 3, 17, 21)


def test_overrides_replace_fields_and_leave_the_options() -> None:
    options = GeodesicOptions(steps=5, seed=2)
    chosen = choose_options(options, {"seed": 7, "power": 2})
    assert chosen == GeodesicOptions(steps=5, seed=7, power=2)
    assert options == GeodesicOptions(steps=5, seed=2)
    assert choose_options(options, {}) == options
    with pytest.raises(FrozenInstanceError):
        options.seed = 3


@pytest.mark.parametrize("options", ALL, ids=lambda each: type(each).__name__)
def test_an_unknown_override_is_a_type_error_that_names_the_known(options) -> None:
    with pytest.raises(TypeError) as caught:
        choose_options(options, {"step": 3})
    message = str(caught.value)
    assert message.startswith("there is no option 'step'; expected any of ")
    assert message.split("any of ")[1].split(", ") == list(vars(options))


@pytest.mark.parametrize(
    "solve",
    [
        lambda **more: geodesic(START, END, metric="l2", **more),
        lambda **more: interpolate(START, END, metric="l2", **more),
        lambda **more: morph(IMAGES, metric="l2", **more),
        lambda **more: barycenter(IMAGES, metric="l2", **more),
        lambda **more: attack("a2", START, metric="l2", **more),
    ],
    ids=["geodesic", "interpolate", "morph", "barycenter", "attack"],
)
class TestSolvingFunctions:
    def test_refuse_unknown_options(self, solve) -> None:
        with pytest.raises(TypeError, match=r"no option 'sede'; expected any of .*seed"):
            solve(sede=3)

    @pytest.mark.parametrize("seed", [-1, 2**63])
    def test_refuse_seeds_that_are_none(self, solve, seed: int) -> None:
        message = f"^seed: found {seed}, expected an integer from 0 to 2.63 - 1$"
        with pytest.raises(InputError, match=message):
            solve(seed=seed)

    def test_refuse_numbers_out_of_range(self, solve) -> None:
        for name, value in (("steps", -1), ("evaluation_draws", 0)):
            with pytest.raises(InputError) as caught:
                solve(**{name: value})
            assert f"{name}: found {value}, expected" in str(caught.value)
            assert "\n" not in str(caught.value)


@pytest.mark.parametrize("options", ALL, ids=lambda each: type(each).__name__)
def test_the_largest_seed_is_one(options) -> None:
    assert choose_options(options, {"seed": 2**63 - 1}).seed == 2**63 - 1


@pytest.mark.parametrize(
    ("options", "change", "message"),
    [
        (GeodesicOptions(), {"power": 3}, "power: found 3, expected an integer from 1 to 2"),
        (GeodesicOptions(), {"draws": 0}, "draws: found 0, expected an integer from 1"),
        (GeodesicOptions(), {"schedule": "x"}, "schedule: found 'x', expected 'adaptive' or"),
        (
            GeodesicOptions(),
            {"tolerance": -0.1},
            "tolerance: found -0.1, expected a number of at least 0",
        ),
        (GeodesicOptions(), {"tolerance": float("nan")}, "tolerance: found nan"),
        (GeodesicOptions(), {"patience": -1}, "patience: found -1"),
        (GeodesicOptions(), {"halvings": -1}, "halvings: found -1, expected an integer from 0"),
        (GeodesicOptions(), {"step_size": 0.0}, "step_size: found 0.0, expected a number above 0"),
        (GeodesicOptions(), {"step_size": float("nan")}, "step_size: found nan"),
        (GeodesicOptions(), {"pixel_weight": -1.0}, "pixel_weight: found -1.0"),
        (GeodesicOptions(), {"pixel_weight": float("nan")}, "pixel_weight: found nan"),
        (GeodesicOptions(), {"chunk": 0}, "chunk: found 0, expected an integer from 1"),
        (GeodesicOptions(), {"steps": -1}, "steps: found -1, expected an integer from 0"),
        (GeodesicOptions(), {"evaluation_draws": 0}, "evaluation_draws: found 0"),
        (GeodesicOptions(), {"seed": -1}, "seed: found -1"),
        (BarycenterOptions(), {"power": 0}, "power: found 0"),
        (BarycenterOptions(), {"steps": -1}, "steps: found -1"),
        (BarycenterOptions(), {"tolerance": float("nan")}, "tolerance: found nan"),
        (BarycenterOptions(), {"evaluation_draws": -3}, "evaluation_draws: found -3"),
        (AttackOptions(), {"sigma": 0.0}, "sigma: found 0.0, expected a number above 0"),
        (AttackOptions(), {"sigma": float("nan")}, "sigma: found nan"),
        (AttackOptions(), {"sigma": float("inf")}, "sigma: found inf"),
        (AttackOptions(), {"steps": -1}, "steps: found -1"),
        (AttackOptions(), {"seed": 2**63}, "seed: found 9223372036854775808"),
    ],
)
def test_numbers_out_of_range_are_said_in_one_line(options, change, message: str) -> None:
    with pytest.raises(InputError) as caught:
        choose_options(options, change)
    assert str(caught.value).startswith(message) and "\n" not in str(caught.value)
    # Not only overrides are checked.
    with pytest.raises(InputError):
        choose_options(replace(options, **change), {})


def test_steps_are_the_callers_or_the_default() -> None:
    assert GeodesicOptions().criteria(150).steps == 150
    assert GeodesicOptions(steps=0).criteria(150).steps == 0
    assert BarycenterOptions().criteria(400).steps == 400
    assert BarycenterOptions(steps=7).criteria(400).steps == 7
    assert AttackOptions().criteria(300) == StoppingCriteria(300, evaluate_every=100)
    limits = GeodesicOptions(steps=9, tolerance=0.1, patience=2).criteria(150)
    assert limits == StoppingCriteria(9, 0.1, 2, 50)
    with pytest.raises(InputError, match="evaluate_every: found 0"):
        make_criteria(1, evaluate_every=0)


def test_interpolation_is_a_draft_in_small_steps() -> None:
    assert replace(INTERPOLATION, step_size=None) == GeodesicOptions(quality="draft")
    assert INTERPOLATION.step_size == 0.05


def test_from_moved_objects_a_draft_will_do() -> None:
    cpu, gpu = torch.device("cpu"), torch.device("cuda")
    draft = GeodesicOptions(quality="draft").effort(cpu)
    for device in (cpu, gpu):
        assert GeodesicOptions(motion=1.0).effort(device) == draft
        assert GeodesicOptions(steps=9).effort(device) == draft
        assert GeodesicOptions().effort(device) != draft
        assert GeodesicOptions(motion=1.0, quality="best").effort(device) != draft
