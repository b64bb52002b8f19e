"""Frames to make pictures of, and where these stand in a picture."""

from __future__ import annotations

import torch
from skimage import data
from torch import Tensor

from elpips.media import to_uint8


def noise(count: int, height: int = 10, width: int = 12) -> Tensor:
    """Return frames of 8-bit values, so that files keep them exactly."""
    generator = torch.Generator().manual_seed(0)
    return torch.randint(256, (count, 3, height, width), generator=generator) / 255


def contains(picture: Tensor, part: Tensor) -> list[tuple[int, int]]:
    """List where (3, h, w) stands in (3, H, W), exactly."""
    wanted = torch.from_numpy(to_uint8(part)).movedim(-1, 0)
    pixels = torch.from_numpy(to_uint8(picture)).movedim(-1, 0)
    height, width = part.shape[1:]
    corners = pixels[:, : pixels.shape[1] - height + 1, : pixels.shape[2] - width + 1]
    starts = (corners == wanted[:, :1, :1]).all(0).nonzero().tolist()
    return [
        (top, left)
        for top, left in starts
        if torch.equal(pixels[:, top : top + height, left : left + width], wanted)
    ]


def enlarged(image: Tensor, factor: int) -> Tensor:
    return image.repeat_interleave(factor, -2).repeat_interleave(factor, -1)


def moving(height: int, rows: dict[int, float]) -> Tensor:
    """Return still noise, and around the given rows noise that moves along x."""
    still = noise(1, height, 32)
    frames = 0.5 + 0.1 * (still - 0.5).repeat(6, 1, 1, 1)
    for row, strength in rows.items():
        for index in range(6):
            band = still[0, :, row - 2 : row + 3].roll(4 * index, -1)
            frames[index, :, row - 2 : row + 3] = 0.5 + strength * (band - 0.5)
    return frames


def photographs(count: int) -> Tensor:
    """Return the cross-fade of a sky with a coffee cup, 96 px."""
    ends = [data.rocket()[:384:4, 100:484:4], data.coffee()[:384:4, :384:4]]
    sky, cup = (torch.from_numpy(end.copy()).permute(2, 0, 1) / 255 for end in ends)
    return torch.stack([torch.lerp(sky, cup, t / (count - 1)) for t in range(count)])
