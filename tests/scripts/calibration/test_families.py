"""Families of distortions: in range, repeatable, stronger where asked."""

from __future__ import annotations

import pytest
import torch

from elpips.media.crop import resize_short_side
from elpips.media.samples import read_sample
from elpips.metrics import InputError
from elpips.scripts.calibration.families import FAMILIES, TRADITIONAL, distort

IMAGE = resize_short_side(read_sample("chelsea"), 48)[:, :, 4:61].contiguous()
ALL = {each.__name__: each for each in (*TRADITIONAL, *FAMILIES.values())}


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("strength", [0.0, 1.0])
def test_images_stay_images(name: str, strength: float) -> None:
    before = IMAGE.clone()
    for seed in range(3):
        found = ALL[name](IMAGE, strength, rng(seed))
        assert found.shape == IMAGE.shape and found.dtype == torch.float32
        assert 0 <= found.min() and found.max() <= 1
        assert torch.equal(found, ALL[name](IMAGE, strength, rng(seed)))
    assert torch.equal(IMAGE, before)


@pytest.mark.parametrize("name", ALL)
def test_strength_changes_more(name: str) -> None:
    def change(strength: float) -> float:
        found = [ALL[name](IMAGE, strength, rng(seed)) for seed in range(12)]
        return sum(float((each - IMAGE).square().mean().sqrt()) for each in found) / len(found)

    assert change(0.05) < 0.8 * change(1.0)


@pytest.mark.parametrize("name", FAMILIES)
def test_families_give_8_bit_values_that_depend_on_the_seed(name: str) -> None:
    found = [distort(IMAGE, name, 0.6, rng(seed)) for seed in (1, 1, 2)]
    levels = found[0] * 255
    torch.testing.assert_close(levels, levels.round(), atol=1e-4, rtol=0)
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])


def test_an_unknown_family_is_named() -> None:
    with pytest.raises(InputError, match="no distortion family 'cnn'; expected one of trad"):
        distort(IMAGE, "cnn", 0.5, rng())
