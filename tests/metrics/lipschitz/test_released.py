"""The released network: its sizes, its parts and its norm."""

from __future__ import annotations

import pytest
import torch

from elpips.metrics.lipschitz.released import SIZES, ReleasedNetwork, ReleasedSize, pool
from lipschitz_norms import jacobian_norm
from random_images import images, rng

TINY = ReleasedSize(3, 8, 2, 24, inner=5, side=32, outputs=20)


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("small", 63_276_796),
        ("medium", 240_967_060),
        ("large", 361_511_160),
        ("xlarge", 722_974_540),
    ],
)
def test_the_sizes_have_the_published_numbers_of_parameters(name: str, count: int) -> None:
    with torch.device("meta"):
        network = ReleasedNetwork(SIZES[name])
    assert sum(each.numel() for each in network.parameters()) == count
    assert network(torch.empty(1, 3, 224, 224, device="meta")).shape == (1, 1792)


def test_pooling_has_norm_one() -> None:
    x = torch.randn(1, 2, 16, 12, generator=rng()).double()
    assert jacobian_norm(pool, x) == pytest.approx(1)
    assert pool(torch.ones(1, 1, 4, 4)).item() == 4


@pytest.mark.parametrize("seed", range(3))
def test_the_network_does_not_lengthen(seed: int) -> None:
    network = ReleasedNetwork(TINY, rng(seed)).freeze().double()
    for block in network.modules():
        if getattr(block, "frozen", None) is not None:
            block.frozen = block.frozen.double()
    x = images(1, 32, 32, seed=seed).double()
    assert jacobian_norm(network, x) <= 1 + 1e-5
    assert 1 < network.lipschitz < 1 + 1e-5


def test_blocks_are_frozen_with_the_same_result() -> None:
    network, x = ReleasedNetwork(TINY, rng()), images(2, 32, 32)
    before = network(x)
    network.freeze()
    assert torch.equal(network(x), before) and before.shape == (2, 20)
    assert not any(each.requires_grad for each in network.parameters())
