"""A cross-fade that keeps the contrast of its ends: where geodesics start by default."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..metrics.tiling import NO_WRAP, Wrap
from .bands import SIGMAS, split
from .blur import gaussian_blur

_WINDOW = 3.0
_LARGEST_GAIN = 2.0
_TINY = 1e-10


def crisp_fade(start: Tensor, end: Tensor, times: Sequence[float], wrap: Wrap = NO_WRAP) -> Tensor:
    """Fade between images (3, H, W) so that local contrast goes evenly too, (T, 3, H, W).

    Averaging unrelated detail halves its energy in the middle; `restore_contrast` gives it
    back. Where the ends agree it is the cross-fade; exact at 0 and 1.
    """
    frames = []
    for time in times:
        if time in (0, 1):
            frames.append(end if time else start)
        else:
            blend = torch.lerp(start, end, time)
            frames.append(restore_contrast(blend, start, end, time, wrap))
    return torch.stack(frames)


def restore_contrast(
    blend: Tensor, start: Tensor, end: Tensor, time: float, wrap: Wrap = NO_WRAP
) -> Tensor:
    """Give a blend of two images the local contrast that lies between theirs, (3, H, W).

    Each band of detail (up to the coarsest) is amplified where it lost energy, until its
    local mean square is (1 - t) that of the one plus t that of the other, by no more than a
    factor of two: variance-preserving blending [1]_ by band and place.

    References
    ----------
    .. [1] Heitz, Neyret, "High-performance by-example noise using a histogram-preserving
       blending operator", HPG 2018.
    """
    first, last = local_energy(torch.stack([start, end]), wrap)
    return amplify(blend, torch.lerp(first, last, time), wrap)


def local_energy(images: Tensor, wrap: Wrap = NO_WRAP) -> Tensor:
    """Return the local mean square of each band but the coarsest, (N, bands - 1, 1, H, W)."""
    return local_mean(split(images, wrap).square(), wrap)


def amplify(image: Tensor, energy: Tensor, wrap: Wrap = NO_WRAP) -> Tensor:
    """Raise the local mean square of an image's bands to ``energy``, by a factor up to two."""
    bands = split(image[None], wrap)
    found = local_mean(bands.square(), wrap)[0]
    gain = ((energy + _TINY) / (found + _TINY)).sqrt().clamp(1.0, _LARGEST_GAIN)
    return ((bands[0, :-1] * gain).sum(0) + bands[0, -1]).clamp(0, 1)


def local_mean(values: Tensor, wrap: Wrap = NO_WRAP) -> Tensor:
    """Average values (N, bands, 3, H, W) over channels and around each place.

    (N, bands - 1, 1, H, W), in windows a few times wider than a band's detail; the coarsest
    band is left out.
    """
    grey = values[:, :-1].mean(2, keepdim=True)
    windows = [_WINDOW * max(1.0, sigma / 2) for sigma in SIGMAS]
    return torch.stack(
        [gaussian_blur(grey[:, index], window, wrap) for index, window in enumerate(windows)],
        dim=1,
    )
