"""Sparse dropout has the statistics of independent coin flips."""

from __future__ import annotations

import math

import torch

from elpips.metrics.dropout import Dropout, dropped_positions

KEEP = 0.99


def test_every_position_is_dropped_equally_often() -> None:
    rng, size, repeats = torch.Generator().manual_seed(0), 50, 20000
    counts = torch.zeros(size)
    for _ in range(repeats):
        counts[dropped_positions(size, KEEP, rng)] += 1
    # Chi-squared with 50 degrees of freedom: mean 50, deviation 10.
    expected = repeats * (1 - KEEP)
    assert ((counts - expected) ** 2 / (expected * KEEP)).sum() < 50 + 5 * 10


def test_the_number_dropped_is_binomial() -> None:
    rng, size, repeats = torch.Generator().manual_seed(1), 10000, 400
    counts = torch.tensor(
        [len(dropped_positions(size, KEEP, rng)) for _ in range(repeats)], dtype=torch.float64
    )
    variance = size * KEEP * (1 - KEEP)
    assert abs(counts.mean() - size * (1 - KEEP)) < 4 * math.sqrt(variance / repeats)
    assert 0.75 < counts.var() / variance < 1.3


def test_positions_are_distinct_and_in_range() -> None:
    positions = dropped_positions(3000, 0.5, torch.Generator().manual_seed(2))
    assert (positions.diff() > 0).all() and positions[0] >= 0 and positions[-1] < 3000


def test_images_of_one_draw_share_masks_and_items_of_a_batch_do_not() -> None:
    ones = torch.ones(3, 4, 30, 30)
    shared = Dropout(0.9, (5,))(ones)
    assert torch.equal(shared[0], shared[1]) and torch.equal(shared[0], shared[2])
    own = Dropout(0.9, (5, 6, 7))(ones)
    assert torch.equal(own[0], shared[0]) and not torch.equal(own[0], own[1])


def test_masks_are_fresh_per_layer_and_repeatable() -> None:
    ones = torch.ones(1, 4, 30, 30)
    first, again = Dropout(0.9, (5,)), Dropout(0.9, (5,))
    a, b = first(ones), first(ones)
    assert not torch.equal(a, b)
    assert torch.equal(a, again(ones)) and torch.equal(b, again(ones))
