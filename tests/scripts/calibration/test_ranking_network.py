"""The ranking network: what it believes at first."""

from __future__ import annotations

import torch

from elpips.scripts.calibration.ranking_network import RankingNetwork


def test_the_network_starts_with_the_closer_one_preferred() -> None:
    for seed in range(20):
        network = RankingNetwork(32, torch.Generator().manual_seed(seed))
        small, zero = torch.tensor([1e-3]), torch.tensor([0.0])
        with torch.no_grad():
            assert network(small, zero) > network(zero, small)
