"""Streams of one seed: fixed for all time, apart from one another, of seeds in range."""

from __future__ import annotations

from itertools import product
from typing import get_args

import pytest
import torch

from elpips.metrics import InputError
from elpips.metrics.seeds import Purpose, check_seed, stream, stream_seed

PURPOSES = get_args(Purpose)


# Of `printf 0/optimise | sha256sum`, the first 16 digits, halved.
@pytest.mark.parametrize(
    ("seed", "purpose", "expected"),
    [
        (0, "optimise", 1672570056707652792),
        (0, "evaluate", 3906298266573556936),
        (2**63 - 1, "init", 2521609857592007497),
    ],
)
def test_numbers_are_those_of_the_hash(seed: int, purpose: Purpose, expected: int) -> None:
    assert stream_seed(seed, purpose) == expected


def test_streams_of_one_seed_differ_and_repeat() -> None:
    numbers = [torch.rand(4, generator=stream(5, purpose)) for purpose in PURPOSES]
    for i, first in enumerate(numbers):
        assert torch.equal(first, torch.rand(4, generator=stream(5, PURPOSES[i])))
        assert not any(torch.equal(first, other) for other in numbers[i + 1 :])


def test_no_two_seeds_share_a_stream() -> None:
    seeds = [*range(1000), 2**32, 2**63 - 1]
    found = {stream_seed(*each) for each in product(seeds, PURPOSES)}
    assert len(found) == len(seeds) * len(PURPOSES)
    assert all(0 <= each < 2**63 for each in found)
    # All bits are used.
    assert max(found) > 0.99 * 2**63


def test_a_stream_lives_on_the_cpu_and_leaves_the_global_one_alone() -> None:
    before = torch.get_rng_state()
    assert stream(0, "init").device.type == "cpu"
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("seed", [-1, 2**63, -(2**70), 1.0, True, "1"])
def test_other_seeds_are_refused_in_one_line(seed: object) -> None:
    message = f"^seed: found {seed!r}, expected an integer from 0 to 2\\^63 - 1$"
    for function in (check_seed, lambda s: stream(s, "init"), lambda s: stream_seed(s, "init")):
        with pytest.raises(InputError, match=message):
            function(seed)
    check_seed(0)
    check_seed(2**63 - 1)
