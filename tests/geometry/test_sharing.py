"""Items in turn, by one process; by several, see the tests of the ranks."""

from __future__ import annotations

import pytest
import torch

from elpips.geometry.ranks import Constant, leads
from elpips.geometry.sharing import device_of_each, shared_out


def test_one_process_takes_all_items_when_it_is_their_turn() -> None:
    taken: list[int] = []

    def items():
        for index in range(3):
            taken.append(index)
            yield index

    found = shared_out(lambda item, factor: item * factor, items(), Constant(5))
    assert next(found) == 0 and taken == [0]
    assert [*found] == [5, 10] and leads()
    assert device_of_each(torch.device("cpu", 0)) == torch.device("cpu", 0)


def test_what_goes_wrong_comes_at_its_item() -> None:
    found = shared_out(lambda item: 1 // item, [1, 0])
    assert next(found) == 1
    with pytest.raises(ZeroDivisionError):
        next(found)
