"""One process has what all ranks have."""

from __future__ import annotations

import torch

from elpips.geometry.company import Alone


def test_the_total_of_one_is_its_own_and_no_part_of_a_graph() -> None:
    values = torch.ones(3, requires_grad=True)
    for everywhere in (False, True):
        total = Alone().total(2 * values, everywhere=everywhere)
        assert total.tolist() == [2, 2, 2] and not total.requires_grad
    assert Alone().collect("own") == ["own"]
    assert (Alone.rank, Alone.size) == (0, 1)
