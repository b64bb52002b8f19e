from __future__ import annotations

import torch

from elpips.media import center_crop, resize_short_side
from elpips.media.crop import crop_images


def test_resizing_keeps_flat_images_and_the_mean() -> None:
    flat = torch.full((3, 37, 53), 0.3)
    torch.testing.assert_close(resize_short_side(flat, 16), torch.full((3, 16, 23), 0.3))
    noise = torch.rand((3, 64, 96), generator=torch.Generator().manual_seed(0))
    small = resize_short_side(noise, 16)
    torch.testing.assert_close(small.mean(), noise.mean(), atol=0.01, rtol=0)
    # Antialiasing averages; picking pixels would keep the deviation.
    assert small.std() < 0.4 * noise.std()
    assert resize_short_side(noise, 64) is noise


def test_resizing_clips_the_overshoot() -> None:
    step = torch.zeros((3, 20, 20))
    step[:, :, 10:] = 1
    large = resize_short_side(step, 50)
    assert large.min() == 0
    assert large.max() == 1


def test_center_crop_of_a_batch() -> None:
    batch = torch.arange(2 * 3 * 5 * 7).reshape(2, 3, 5, 7)
    torch.testing.assert_close(center_crop(batch, 3, 2), batch[..., 1:4, 2:4])


def test_pictures_are_cropped_each_to_its_square_or_all_to_what_they_share() -> None:
    wide = torch.arange(3 * 4 * 6).reshape(3, 4, 6)
    high = torch.arange(3 * 5 * 2).reshape(3, 5, 2)
    assert [tuple(each.shape) for each in crop_images([wide, high], "square")] == [
        (3, 4, 4),
        (3, 2, 2),
    ]
    first, second = crop_images([wide, high], "center")
    torch.testing.assert_close(first, wide[:, :, 2:4])
    torch.testing.assert_close(second, high[:, :4])
    assert crop_images([wide, high], "none")[0] is wide
