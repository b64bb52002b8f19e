"""What a run takes of memory, and what is done where there is not enough."""

from __future__ import annotations

import logging

import pytest
import torch

from elpips.geometry import barycenter, footprint, geodesic
from elpips.metrics import InputError
from narrow_vgg import narrow

ENDS = torch.rand(2, 3, 24, 28, generator=torch.Generator().manual_seed(0))
OPTIONS = {"steps": 2, "metric": narrow()}


@pytest.fixture(autouse=True)
def small_machine(monkeypatch: pytest.MonkeyPatch):
    """Let small images be looked at as large ones are, and return a way to set what is free."""
    monkeypatch.setattr(footprint, "_SMALL", 0)
    monkeypatch.setattr(footprint, "_said", set())
    return lambda free: [
        monkeypatch.setattr(f"elpips.{place}.free_memory", lambda device: free)
        for place in ("geometry.footprint", "metrics.memory")
    ]


def solved(**options):
    return geodesic(*ENDS, 4, **OPTIONS, **options)


def test_what_fits_is_kept_and_what_does_not_is_computed_again(small_machine, caplog) -> None:
    plain = solved()
    assert plain.problem.memory and not plain.problem.memory.checkpointing
    little = solved(activation_checkpointing="on")
    assert little.problem.working_metric.sparing and not plain.problem.working_metric.sparing
    assert torch.equal(little.frames, plain.frames)
    need = [path_bytes(each) for each in (little, plain)]
    assert need[0] < need[1]
    small_machine(int(sum(need) / 2))
    with caplog.at_level(logging.WARNING, "elpips"):
        assert solved().problem.working_metric.sparing
    assert "activations are computed again" in caplog.text


def path_bytes(found) -> float:
    problem = found.problem
    state = footprint_state(problem)
    return state + footprint.path_network(
        problem.working_metric, problem.ends, problem.transitions - 1, problem.chunk
    )


def footprint_state(problem) -> float:
    return 4.0 * 26 * (problem.transitions - 1) * problem.ends[0].numel()


def test_what_does_not_fit_at_all_is_one_line_that_helps(small_machine) -> None:
    small_machine(1000)
    with pytest.raises(InputError, match=r"a path of 4 frames of 28 x 24 px would .* free; fewer"):
        solved()
    with pytest.raises(InputError, match=r"a barycenter of 2 images of 28 x 24 px would take"):
        barycenter(ENDS, **OPTIONS)


def test_what_would_help_is_said(small_machine) -> None:
    need = [path_bytes(solved(activation_checkpointing=each)) for each in ("on", "off")]
    small_machine(int(sum(need) / 2))
    with pytest.raises(InputError, match="with --activation-checkpointing on it is about"):
        solved(activation_checkpointing="off")
    with pytest.raises(InputError, match="expected auto, on or off"):
        solved(activation_checkpointing="yes")


def test_barycenters_are_the_same_in_little_memory() -> None:
    images = [
        barycenter(ENDS, activation_checkpointing=each, **OPTIONS).image for each in ("on", "off")
    ]
    torch.testing.assert_close(images[0], images[1], rtol=0, atol=1e-5)


def test_small_images_are_not_looked_at(monkeypatch) -> None:
    monkeypatch.setattr(footprint, "_SMALL", 200**2)
    found = solved(activation_checkpointing="on")
    assert found.problem.memory is None and found.problem.working_metric.sparing
