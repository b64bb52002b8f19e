"""The ensemble's distributions, switches and determinism."""

from __future__ import annotations

import math
from collections import Counter

import pytest
import torch

from elpips.metrics import Ensemble, InputError
from elpips.metrics.ensemble import draw_ensemble

SIZE = (300, 480)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_scale_levels_follow_the_image_size() -> None:
    assert Ensemble().levels((300, 480)) == 4
    assert Ensemble().levels((63, 480)) == 1
    assert Ensemble(scale_levels=8).levels((63, 480)) == 8
    assert Ensemble(scale=False, scale_levels=8).levels((300, 480)) == 1


def test_scale_level_probabilities_fall_with_the_square() -> None:
    rng, n = generator(), 4000
    counts = Counter(draw_ensemble(Ensemble(), SIZE, rng).scale_level for _ in range(n))
    total = sum(level**-2 for level in range(1, 5))
    for level in range(1, 5):
        p = level**-2 / total
        assert abs(counts[level] / n - p) < 4 * math.sqrt(p * (1 - p) / n)


def test_a_batch_is_a_latin_hypercube() -> None:
    draw = draw_ensemble(Ensemble(), SIZE, generator(), batch=12)
    assert Counter(draw.flip) == dict.fromkeys(range(4), 3)
    assert set(Counter(draw.permutation).values()) == {2} and len(set(draw.permutation)) == 6
    strata = ((draw.gain - 0.2) / 0.8 * 12).floor().long()
    for channel in strata.T:
        assert sorted(channel.tolist()) == list(range(12))


def test_gains_and_offsets_fill_their_ranges() -> None:
    rng = generator()
    draws = [draw_ensemble(Ensemble(), SIZE, rng, batch=50) for _ in range(20)]
    gains = torch.cat([draw.gain for draw in draws])
    assert 0.2 <= gains.min() < 0.21 and 0.99 < gains.max() <= 1.0
    assert {o for draw in draws for pair in draw.offset for o in pair} == set(range(8))
    for draw in draws:
        assert all(0 <= o < draw.scale_level for o in draw.scale_offset)


def test_brightness_uses_one_factor() -> None:
    gain = draw_ensemble(Ensemble(gain="brightness"), SIZE, generator(), batch=5).gain
    assert torch.equal(gain, gain[:, :1].expand(-1, 3))


@pytest.mark.parametrize(
    ("option", "field"),
    [
        ({"offset": False}, "offset"),
        ({"flip": False}, "flip"),
        ({"permutation": False}, "permutation"),
        ({"gain": "none"}, "gain"),
        ({"dropout_keep": 1.0}, "dropout_seeds"),
    ],
)
def test_switching_one_member_off_leaves_the_others(option: dict, field: str) -> None:
    full = vars(draw_ensemble(Ensemble(), SIZE, generator(), batch=4))
    without = vars(draw_ensemble(Ensemble(**option), SIZE, generator(), batch=4))
    assert without[field] is None
    for name in full.keys() - {field}:
        if isinstance(full[name], torch.Tensor):
            assert torch.equal(full[name], without[name])
        else:
            assert full[name] == without[name]


def test_scale_and_transpose_can_be_off() -> None:
    rng = generator()
    ensemble = Ensemble(scale=False, transpose=False)
    draws = [draw_ensemble(ensemble, SIZE, rng) for _ in range(50)]
    assert all(draw.scale_level == 1 and not draw.transpose for draw in draws)


def test_same_seed_same_draw() -> None:
    first, second = (draw_ensemble(Ensemble(), SIZE, generator(7), 3) for _ in range(2))
    assert first == second and torch.equal(first.gain, second.gain)


@pytest.mark.parametrize(
    "option",
    [
        {"scale_levels": 0},
        {"scale_levels": True},
        {"scale_levels": "all"},
        {"dropout_keep": 0.0},
        {"dropout_keep": "0.9"},
        {"gain": "colour"},
        {"offset_max": -1},
        {"offset_max": 2.5},
        {"scale": "no"},
        {"flip": 1},
        {"fast": None},
    ],
)
def test_bad_options_are_refused(option: dict) -> None:
    with pytest.raises(InputError, match=f"^{next(iter(option))}: found .*, expected"):
        Ensemble(**option)


def test_an_axis_that_wraps_is_rolled_all_around_and_the_others_numbers_stay() -> None:
    size = (9, 30)
    rng = generator()
    draws = [draw_ensemble(Ensemble(tile="both"), size, rng, batch=50) for _ in range(20)]
    for axis, side in enumerate(size):
        assert {pair[axis] for draw in draws for pair in draw.offset} == set(range(side))
    plain = vars(draw_ensemble(Ensemble(), size, generator(), batch=4))
    across = vars(draw_ensemble(Ensemble(tile="x"), size, generator(), batch=4))
    assert across["wrap"] == (False, True)
    assert [y for y, _ in across["offset"]] == [y for y, _ in plain["offset"]]
    assert torch.equal(across.pop("gain"), plain.pop("gain"))
    for name in plain.keys() - {"offset", "wrap"}:
        assert across[name] == plain[name]


def test_a_torus_needs_the_offset_and_is_not_said_where_there_is_none() -> None:
    with pytest.raises(InputError, match="needs the offset"):
        Ensemble(offset=False, tile="x")
    with pytest.raises(InputError, match="tile: found 'xy'"):
        Ensemble(tile="xy")
    # Runs are known by this text, those from before there were tiles too.
    assert "tile" not in str(Ensemble())
