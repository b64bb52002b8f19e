"""Qualities: which is taken, and that more of it is more work."""

from __future__ import annotations

import pytest
import torch

from elpips.geometry.quality import EFFORTS, barycenter_step_size, check_quality, effort
from elpips.metrics import InputError

CPU, GPU = torch.device("cpu"), torch.device("cuda")


def test_the_device_and_given_steps_decide_where_no_quality_is_given() -> None:
    assert effort(None, None, CPU) == EFFORTS["standard"]
    assert effort(None, None, GPU) == EFFORTS["best"]
    assert effort(None, 100, CPU) == effort(None, 100, GPU) == EFFORTS["draft"]
    assert effort("best", 100, CPU) == EFFORTS["best"]


def test_each_is_more_work_than_the_one_before() -> None:
    # Passes of ten frames.
    passes = [4 * e.first_steps + 8 * e.next_steps + 18 * e.last_steps for e in EFFORTS.values()]
    assert passes == sorted(passes) and passes[-1] > 2 * passes[-2]
    steps = [e.steps for e in EFFORTS.values()]
    assert steps == sorted(steps) and steps[-1] > 2 * steps[-2]


def test_steps_are_small_from_motion_and_large_from_noise() -> None:
    sizes = [effort("standard", None, CPU).step_size_from(i) for i in ("flow", "crisp", "noise")]
    assert sizes == sorted(set(sizes))
    assert barycenter_step_size("objects") < barycenter_step_size("blend")


def test_others_are_refused() -> None:
    check_quality(None)
    check_quality("draft")
    with pytest.raises(InputError, match="quality: found 'fine', expected one of draft, standard"):
        check_quality("fine")  # type: ignore[arg-type]
