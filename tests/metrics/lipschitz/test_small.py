"""The small network: 1-Lipschitz at any weights, with its rounding counted."""

from __future__ import annotations

import pytest
import torch

from elpips.metrics import InputError
from elpips.metrics.lipschitz.small import SmallNetwork, SmallSize
from lipschitz_norms import jacobian_norm
from random_images import images, rng

TINY = SmallSize(16, 48, 16, 2, 2)


@pytest.mark.parametrize("seed", range(3))
def test_the_network_does_not_lengthen(seed: int) -> None:
    network = SmallNetwork(TINY, rng(seed))
    with torch.no_grad():
        for each in network.parameters():
            each.mul_(10).add_(0.1 * torch.randn(each.shape, generator=rng(seed)))
    x = images(1, 16, 16, seed=seed).double()
    assert 0.1 < jacobian_norm(network.double(), x) <= 1 + 1e-9


def test_freezing_counts_the_rounding_of_the_matrices() -> None:
    network, x = SmallNetwork(TINY, rng()), images(2, 16, 16)
    before = network(x)
    frozen = network.freeze()
    assert 1 <= frozen.lipschitz < 1 + 1e-5
    torch.testing.assert_close(frozen(x), before, rtol=1e-4, atol=1e-4)
    assert before.shape == (2, 16 * 2 * 2)
    assert not any(each.requires_grad for each in frozen.parameters())


def test_at_first_it_nearly_keeps_distances() -> None:
    network = SmallNetwork(SmallSize(16), rng()).freeze()
    x, y = images(1, 16, 16, seed=1), images(1, 16, 16, seed=2)
    assert 0.2 < float((network(x) - network(y)).norm() / (x - y).norm()) <= 1 + 1e-6


@pytest.mark.parametrize("fields", [{"side": 20}, {"fine": 40}, {"coarse": 0}, {"fine_depth": -1}])
def test_sizes_that_make_no_network_are_refused(fields: dict[str, int]) -> None:
    with pytest.raises(InputError, match="expected"):
        SmallSize(**fields)
