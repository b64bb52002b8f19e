"""How exactly distances are measured, and how they are recorded."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from elpips.metrics import Estimate, InputError
from elpips.metrics.pixel import L2
from elpips.metrics.weights import Weights
from elpips.scripts.runs.distance import MeasureOptions, distance_record, unmet

FOUND = Estimate(torch.tensor([0.25, 0.5]), torch.tensor([0.125, torch.nan]), 9, met=False)


def test_options_become_arguments() -> None:
    assert MeasureOptions().sampling() == {
        "relative_error": None,
        "absolute_error": None,
        "max_draws": 200,
        "seed": 0,
    }
    bounds = MeasureOptions(relative_error=0.1, absolute_error=0.2, max_draws=9, seed=4)
    assert bounds.sampling() == {
        "relative_error": 0.1,
        "absolute_error": 0.2,
        "max_draws": 9,
        "seed": 4,
    }


def test_a_number_of_draws_is_kept_to_whatever_their_error() -> None:
    assert MeasureOptions(draws=7, seed=3).sampling() == {"max_draws": 7, "seed": 3}
    # Not mended here: `estimate` refuses it.
    assert MeasureOptions(draws=0).sampling()["max_draws"] == 0


@pytest.mark.parametrize(
    "option", [{"relative_error": 0.1}, {"absolute_error": 0.1}, {"max_draws": 300}], ids=str
)
def test_options_that_contradict_each_other_are_refused(option: dict[str, float]) -> None:
    with pytest.raises(InputError, match=r"^--draws fixes the number of draws; expected"):
        MeasureOptions(draws=9, **option).sampling()


def test_a_record_is_of_one_pair() -> None:
    metric = L2()
    assert distance_record(metric, FOUND, 0) == {
        "metric": "l2",
        "distance": 0.25,
        "standard_error": 0.125,
        "draws": 9,
        "met": False,
        "weights": [],
    }
    second = distance_record(metric, FOUND, 1)
    assert second["distance"] == 0.5 and second["standard_error"] != second["standard_error"]


def test_a_record_names_the_files_of_the_metric() -> None:
    metric = L2()
    metric.pretrained = (Weights("vgg16", {}, "a folder", "ab" * 32),)
    (weights,) = distance_record(metric, FOUND, 0)["weights"]
    assert (weights["name"], weights["sha256"]) == ("vgg16", "ab" * 32)


def test_bounds_that_do_not_hold_are_told() -> None:
    (line,) = unmet(FOUND)
    assert line == "the error bounds are not met after 9 draws; --max-draws allows more"
    assert unmet(replace(FOUND, met=True)) == []
