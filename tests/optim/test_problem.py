"""Coordinates that are the variable in units of a scale."""

from __future__ import annotations

import pytest
import torch

from elpips.optim import Scaling

SHAPE = (1, 3, 6, 5)


@pytest.mark.parametrize("scale", [1.0, 0.3, torch.linspace(0.1, 2, 90).view(SHAPE)])
def test_scaling_and_its_adjoint(scale) -> None:
    z, g = torch.randn(2, *SHAPE, generator=torch.Generator().manual_seed(0))
    scaling = Scaling(scale)
    torch.testing.assert_close(scaling.apply(z), scale * z)
    torch.testing.assert_close((scaling.apply(z) * g).sum(), (z * scaling.adjoint(g)).sum())


def test_by_default_coordinates_are_the_variable() -> None:
    z = torch.randn(SHAPE, generator=torch.Generator().manual_seed(0))
    assert torch.equal(Scaling().apply(z), z) and torch.equal(Scaling().adjoint(z), z)
