"""Sine modes in time: exact at the frames, adjoint, and the same on every level."""

from __future__ import annotations

import math

import pytest
import torch

from elpips.geometry.bands import BandPreconditioner
from elpips.geometry.sine_modes import (
    PathPreconditioner,
    extend_moments,
    nearest_knot,
    resample,
    sine_basis,
    times_of,
)


def rng(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("transitions", [2, 3, 9])
def test_basis_is_orthogonal(transitions: int) -> None:
    basis = sine_basis(transitions)
    torch.testing.assert_close(basis @ basis, torch.eye(transitions - 1, dtype=torch.float64))


@pytest.mark.parametrize("transitions", [2, 5, 9])
def test_coordinates_and_their_adjoint(transitions: int) -> None:
    ends = torch.rand(2, 3, 17, 21, generator=rng(0))
    bands = BandPreconditioner.around(ends.mean(0, keepdim=True), ends, torch.tensor([0.5, 0.5]))
    coordinates = PathPreconditioner(bands, transitions)
    gradient = torch.randn(transitions - 1, 3, 17, 21, generator=rng(1))
    z = torch.randn(transitions - 1, 5, 3, 17, 21, generator=rng(2))
    left = (coordinates.apply(z) * gradient).sum()
    right = (z * coordinates.adjoint(gradient)).sum()
    assert float(left) == pytest.approx(float(right), rel=1e-3, abs=1e-2)


def test_the_first_mode_is_one_in_the_middle() -> None:
    bands = BandPreconditioner(torch.ones(1, 5, 1, 16, 16))
    z = torch.zeros(7, 5, 3, 16, 16)
    # Lightness is the sum of the three colours over the root of 3.
    z[0, :, 0] = math.sqrt(3)
    frames = PathPreconditioner(bands, 8).apply(z)
    expected = torch.tensor([math.sin(math.pi * i / 8) for i in range(1, 8)])
    torch.testing.assert_close(frames.mean((1, 2, 3)), expected, rtol=1e-4, atol=1e-5)


def test_resampling_is_exact_for_sines_at_any_times() -> None:
    amplitude = torch.tensor([1.0, -0.5])
    times = torch.tensor(times_of(5)[1:-1])
    deviation = amplitude * torch.sin(2 * math.pi * times)[:, None]
    wanted = [0.0, 0.13, 0.2, 0.77, 1.0]
    expected = amplitude * torch.sin(2 * math.pi * torch.tensor(wanted))[:, None]
    torch.testing.assert_close(resample(deviation, wanted), expected, rtol=0, atol=1e-6)


def test_moments_go_on_as_slow_modes() -> None:
    moments = torch.rand(3, 2, 2, generator=rng(3))
    for order in (1, 2):
        longer = extend_moments(moments, 9, order=order)
        assert longer.shape == (8, 2, 2) and torch.equal(longer[:3], moments)
        assert torch.equal(extend_moments(longer, 4, order=order), moments)
    assert (extend_moments(moments, 9, order=1)[3:] == 0).all()
    mean_squares = extend_moments(moments, 9, order=2)
    assert (mean_squares[3:] > 0).all() and (mean_squares.diff(dim=0)[2:] < 0).all()


def test_times_of_frames_are_recognised() -> None:
    for transitions in (3, 7, 9, 64):
        for index, time in enumerate(times_of(transitions)):
            assert nearest_knot(time, transitions) == index
            assert nearest_knot(min(time + 0.001, 1.0), transitions) in (None, transitions)
