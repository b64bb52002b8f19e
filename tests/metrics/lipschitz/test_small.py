"""The small network: 1-Lipschitz at any weights, with its rounding counted."""

from __future__ import annotations

import pytest
import torch

from elpips.metrics import InputError
from elpips.metrics.lipschitz.small import SmallNetwork, SmallSize, haar, lengths
from lipschitz_norms import jacobian_norm
from lipsim_files import SMALL, random_small
from random_images import images, rng


@pytest.mark.parametrize("seed", range(4))
def test_the_network_does_not_lengthen(seed: int) -> None:
    x = images(1, 16, 16, seed=seed).double()
    assert 0.1 < jacobian_norm(random_small(seed).double(), x) <= 1 + 1e-9


def test_freezing_changes_nothing_and_counts_rounding() -> None:
    network, x = random_small(), images(2, 16, 16)
    before = network(x)
    frozen = network.freeze()
    assert 1 <= frozen.lipschitz < 1 + 1e-6
    assert torch.equal(frozen(x), before) and len(before) == 2
    assert not any(each.requires_grad for each in frozen.parameters())


def test_a_gain_too_large_for_rounding_would_be_counted() -> None:
    network = SmallNetwork(SMALL)
    with torch.no_grad():
        network.gain.fill_(100.0)
        network._roots = lambda: 2 * torch.ones_like(network.share).softmax(2).sqrt()  # type: ignore[method-assign]
    assert network.freeze().lipschitz == pytest.approx(2)


def test_at_first_it_nearly_keeps_distances() -> None:
    network = SmallNetwork(SmallSize(16, 3)).freeze()
    x, y = images(1, 16, 16, seed=1), images(1, 16, 16, seed=2)
    assert 0.7 < float((network(x) - network(y)).norm() / (x - y).norm()) <= 1


def test_haar_is_orthogonal() -> None:
    x = torch.randn(2, 3, 4, 6, generator=rng()).double()
    means, differences = haar(x)
    assert means.shape == (2, 3, 2, 3) and differences.shape == (2, 3, 3, 2, 3)
    torch.testing.assert_close(means.square().sum() + differences.square().sum(), x.square().sum())
    torch.testing.assert_close(means, 2 * torch.nn.functional.avg_pool2d(x, 2))
    assert haar(torch.ones(1, 1, 2, 2))[1].abs().max() == 0


@pytest.mark.parametrize("side", [1, 2])
@pytest.mark.parametrize("directions", [False, True])
@pytest.mark.parametrize("colours", [False, True])
def test_lengths_are_those_of_groups_and_do_not_lengthen(
    side: int, directions: bool, colours: bool
) -> None:
    y = torch.randn(1, 2, 3, 4, 4, generator=rng()).double()
    found = lengths(y, side, directions, colours)
    assert found.shape == (1, 1 if colours else 2, 1 if directions else 3, 4 // side, 4 // side)
    group = y[0, slice(colours + 1), slice(3 if directions else 1), :side, :side]
    assert float(found[0, 0, 0, 0, 0]) == pytest.approx(float(group.norm()), rel=1e-6)
    assert jacobian_norm(lambda z: lengths(z, side, directions, colours), y) <= 1 + 1e-9


def test_lengths_do_not_see_what_moves_within_a_group() -> None:
    y = torch.randn(1, 2, 3, 2, 2, generator=rng())
    moved = y.roll((1, 1), (2, -1))
    torch.testing.assert_close(lengths(moved, 2, True, False), lengths(y, 2, True, False))


@pytest.mark.parametrize("fields", [{"side": 40}, {"side": 16}, {"scales": 0}])
def test_sizes_that_make_no_network_are_refused(fields: dict[str, int]) -> None:
    with pytest.raises(InputError, match="expected"):
        SmallSize(**fields)
