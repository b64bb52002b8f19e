"""Distortions: in range, repeatable, stronger where asked, and what each is for."""

from __future__ import annotations

import pytest
import torch

from elpips.media.crop import resize_short_side
from elpips.media.samples import read_sample
from elpips.metrics.errors import InputError
from elpips.scripts.calibration.distortions import displaced, luminance, quantisation, shift
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


def test_a_displacement_by_whole_pixels_moves_them() -> None:
    field = torch.zeros(2, *IMAGE.shape[1:])
    field[0], field[1] = 2, -3
    moved = displaced(IMAGE, field)
    torch.testing.assert_close(moved[:, :-2, 3:], IMAGE[:, 2:, :-3], atol=1e-4, rtol=0)


def test_a_shift_has_the_length_of_its_strength() -> None:
    ramp = torch.linspace(0.1, 0.9, 64).expand(3, 64, 64).contiguous()
    per_pixel = 0.8 / 63
    lengths = []
    for seed in range(30):
        moved = shift(ramp, 1.0, rng(seed))
        lengths.append(abs(float((moved - ramp)[:, 20:40, 20:40].mean())) / per_pixel)
    assert 4 < max(lengths) <= 5.01


def test_quantisation_leaves_few_levels() -> None:
    assert len(quantisation(IMAGE, 1.0, rng()).unique()) <= 4


def test_recolouring_keeps_lightness_where_colours_can_be_shown() -> None:
    image = 0.4 + 0.2 * IMAGE
    found = [distort(image, "color", 1.0, rng(seed)) for seed in range(6)]
    changed = max(float((each - image).abs().mean()) for each in found)
    lightness = [abs(float((luminance(each) - luminance(image)).mean())) for each in found]
    assert changed > 0.03
    assert max(lightness) < changed / 4
