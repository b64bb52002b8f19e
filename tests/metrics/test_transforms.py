"""Applying draws: each member against a direct computation, at odd sizes."""

from __future__ import annotations

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
