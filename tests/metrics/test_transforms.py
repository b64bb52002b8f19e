"""Applying draws: each member against a direct computation, at odd sizes."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from elpips.metrics import EnsembleDraw, InputError
from elpips.metrics.transforms import downscale, transform
from random_images import images, rng

IMAGES = images(2)
PLAIN = EnsembleDraw()


def test_the_neutral_draw_changes_nothing() -> None:
    assert torch.equal(transform(IMAGES, PLAIN), IMAGES)


@pytest.mark.parametrize(
    ("code", "axes"), [(0, [-1]), (1, [-2]), (2, [-2, -1]), (3, [])], ids=["lr", "ud", "both", "no"]
)
def test_flips(code: int, axes: list[int]) -> None:
    assert torch.equal(transform(IMAGES, EnsembleDraw(flip=(code,))), IMAGES.flip(axes))


def test_transpose_permutation_and_gain() -> None:
    assert torch.equal(transform(IMAGES, EnsembleDraw(transpose=True)), IMAGES.mT)
    permuted = transform(IMAGES, EnsembleDraw(permutation=((2, 0, 1),)))
    assert torch.equal(permuted, IMAGES[:, [2, 0, 1]])
    gain = torch.tensor([[0.2, 0.5, 1.0]])
    assert torch.equal(transform(IMAGES, EnsembleDraw(gain=gain)), IMAGES * gain.view(1, 3, 1, 1))


def test_offset_moves_the_image_in_a_larger_frame() -> None:
    moved = transform(IMAGES, EnsembleDraw(offset=((2, 5),)))
    assert moved.shape == (2, 3, 24, 18)
    # Offset o leaves o pixels after the image and offset_max - o before it.
    assert torch.equal(moved[..., 5:22, 2:13], IMAGES)
    assert torch.equal(moved[..., 4, 2:13], IMAGES[..., 1, :])


def test_fast_offset_crops() -> None:
    moved = transform(IMAGES, EnsembleDraw(offset=((2, 5),), offset_max=7, fast=True))
    assert torch.equal(moved, IMAGES[..., 2:12, 5:9])


@pytest.mark.parametrize("level", [2, 3])
def test_downscaling_averages_boxes_of_the_reflected_image(level: int) -> None:
    phase = (1, level - 1)
    scaled = downscale(IMAGES, level, phase)
    height, width = ((side + 2 * (level - 1)) // level for side in (17, 11))
    assert scaled.shape == (2, 3, height, width)
    inner = IMAGES[..., level - phase[0] :, level - phase[1] :][..., :level, :level]
    torch.testing.assert_close(scaled[..., 1, 1], inner.mean((-2, -1)))


def test_fast_downscaling_drops_incomplete_boxes() -> None:
    scaled = downscale(IMAGES, 3, (1, 2), crop=True)
    assert scaled.shape == (2, 3, 5, 3)
    torch.testing.assert_close(scaled[..., 0, 0], IMAGES[..., 1:4, 2:5].mean((-2, -1)))


def test_a_batch_of_draws_transforms_each_image_by_its_own() -> None:
    draw = EnsembleDraw(
        batch=2,
        offset=((0, 7), (3, 1)),
        flip=(0, 2),
        permutation=((0, 1, 2), (2, 1, 0)),
        gain=torch.rand(2, 3, generator=rng(1)),
    )
    together = transform(IMAGES, draw)
    for i in range(2):
        alone = EnsembleDraw(
            offset=(draw.offset[i],),
            flip=(draw.flip[i],),
            permutation=(draw.permutation[i],),
            gain=draw.gain[i : i + 1],
        )
        assert torch.equal(together[i], transform(IMAGES[i : i + 1], alone)[0])


def test_unsuitable_images_are_refused() -> None:
    with pytest.raises(InputError, match="for 3 images, found 2"):
        transform(IMAGES, EnsembleDraw(batch=3))
    with pytest.raises(InputError, match="too small"):
        transform(IMAGES, EnsembleDraw(scale_level=4, offset=((0, 0),)))
    with pytest.raises(InputError, match="too small to be padded by 13"):
        transform(IMAGES, EnsembleDraw(scale_level=24, wrap=(True, True)))


def test_gradients_reach_every_pixel() -> None:
    images = IMAGES.double().requires_grad_()
    draw = EnsembleDraw(
        scale_level=2,
        scale_offset=(1, 0),
        offset=((1, 3),),
        offset_max=3,
        flip=(2,),
        transpose=True,
    )
    transform(images, draw).sum().backward()
    assert (images.grad > 0).all()


@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize("level", [1, 2, 3])
def test_rolled_images_are_the_same_under_another_draw(level: int, fast: bool) -> None:
    both = (True, True)
    draw = EnsembleDraw(
        batch=2,
        scale_level=level,
        scale_offset=(level - 1, 0),
        offset=((16, 4), (3, 10)),
        flip=(0, 3),
        transpose=True,
        fast=fast,
        wrap=both,
    )
    rolled = replace(draw, offset=((11, 6), (15, 1)))
    found = transform(IMAGES.roll((5, -2), (-2, -1)), rolled)
    assert torch.equal(found, transform(IMAGES, draw))
    # Nothing is reflected, and boxes are whole.
    assert found.shape == (2, 3, -(-11 // level), -(-17 // level))


def test_boxes_go_on_where_the_image_begins() -> None:
    scaled = downscale(IMAGES, 3, (2, 1), wrap=(True, True))
    assert scaled.shape == (2, 3, 6, 4)
    last = torch.cat([IMAGES[..., 9:], IMAGES[..., :1]], -1)[..., 3:6, :]
    torch.testing.assert_close(scaled[..., 1, 3], last.mean((-2, -1)))


def test_one_axis_may_wrap_while_the_other_is_moved_as_ever() -> None:
    across = EnsembleDraw(offset=((2, 5),), wrap=(False, True))
    moved = transform(IMAGES, across)
    assert moved.shape == (2, 3, 24, 11)
    assert torch.equal(moved[..., 5:22, :], IMAGES.roll(5, -1))
    down = EnsembleDraw(offset=((2, 5),), fast=True, wrap=(True, False))
    assert torch.equal(transform(IMAGES, down), IMAGES.roll(2, -2)[..., 5:9])
