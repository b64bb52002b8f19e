"""Orthogonal layers keep lengths, and what surrounds them does not lengthen."""

from __future__ import annotations

import pytest
import torch

from elpips.metrics.lipschitz.orthogonal import OrthogonalLayer, haar, shift, sort_pairs
from lipschitz_norms import jacobian_norm
from random_images import rng


@pytest.mark.parametrize(("inputs", "outputs"), [(8, 8), (6, 10), (10, 6)])
def test_matrices_are_orthogonal_at_any_weights(inputs: int, outputs: int) -> None:
    layer = OrthogonalLayer(inputs, outputs, generator=rng())
    for scale in (1.0, 30.0):
        with torch.no_grad():
            layer.skew.mul_(scale)
        matrix = layer.double().matrix()
        product = matrix @ matrix.T if outputs <= inputs else matrix.T @ matrix
        torch.testing.assert_close(product, torch.eye(min(inputs, outputs)).double())


def test_gains_only_shorten() -> None:
    layer = OrthogonalLayer(8, 8, weighted=True, generator=rng())
    with torch.no_grad():
        layer.gain.copy_(3 * torch.randn(8, generator=rng(1)))
    norms = layer.matrix().norm(dim=1)
    torch.testing.assert_close(norms, layer.gain.sigmoid())
    assert layer.freeze() <= 1 + 1e-6


def test_freezing_changes_rounding_at_most_and_counts_it() -> None:
    layer, x = OrthogonalLayer(16, 16, generator=rng()), torch.randn(2, 16, 3, 3)
    before = layer(x)
    norm = layer.freeze()
    assert abs(norm - 1) < 1e-6
    torch.testing.assert_close(layer(x), before, rtol=1e-5, atol=1e-5)
    assert "frozen" not in layer.state_dict() and layer.skew.dtype == torch.float32


def test_shifts_move_by_a_pixel_and_back() -> None:
    x = torch.randn(1, 8, 5, 6, generator=rng())
    moved = shift(x)
    assert torch.equal(moved[:, 0, :-1], x[:, 0, 1:]) and not moved[:, 0, -1].any()
    assert torch.equal(moved[:, 3, :, 1:], x[:, 3, :, :-1]) and not moved[:, 3, :, 0].any()
    assert torch.equal(moved[:, 4:], x[:, 4:])
    returned = shift(moved, back=True)
    assert torch.equal(returned[..., 1:-1, 1:-1], x[..., 1:-1, 1:-1])
    assert jacobian_norm(shift, x) == pytest.approx(1)


def test_haar_is_orthogonal_with_sums_first() -> None:
    x = torch.randn(2, 3, 4, 6, generator=rng()).double()
    y = haar(x)
    assert y.shape == (2, 12, 2, 3)
    torch.testing.assert_close(y.norm(), x.norm())
    torch.testing.assert_close(y[:, :3], 2 * torch.nn.functional.avg_pool2d(x, 2))
    other = torch.randn(2, 3, 4, 6, generator=rng(1)).double()
    torch.testing.assert_close((y * haar(other)).sum(), (x * other).sum())


def test_sorted_pairs_keep_lengths() -> None:
    x = torch.randn(3, 6, 2, 2, generator=rng())
    y = sort_pairs(x)
    torch.testing.assert_close(y.norm(), x.norm())
    assert (y[:, :3] >= y[:, 3:]).all()
    assert jacobian_norm(sort_pairs, x) == pytest.approx(1)
