"""Distortions of an image, each with a strength: what perceptual metrics are calibrated on.

The kinds are those of the *traditional* family of BAPPS [1]_ (photometric, noise, blur,
spatial, compression), with constants of our own. Every function takes an image (3, H, W) in
[0, 1], a strength in [0, 1] (0 changes next to nothing) and a CPU generator, and returns an
image (3, H, W), float32 in [0, 1], of which nothing is shared with its input.

References
----------
.. [1] Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual
   Metric", CVPR 2018, Table 2.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from scipy import ndimage
from skimage.restoration import denoise_bilateral
from torch import Tensor

from ...media.write import to_uint8

Distortion: TypeAlias = Callable[[Tensor, float, torch.Generator], Tensor]

_LUMINANCE = torch.tensor([0.299, 0.587, 0.114])[:, None, None]


def uniform(rng: torch.Generator, low: float, high: float) -> float:
    """Return a number between ``low`` and ``high``."""
    return low + (high - low) * float(torch.rand((), generator=rng))


def integer(rng: torch.Generator, count: int) -> int:
    """Return one of 0..count-1."""
    return int(torch.randint(count, (), generator=rng))


def sign(rng: torch.Generator) -> float:
    """Return 1 or -1."""
    return 1.0 - 2 * integer(rng, 2)


def luminance(image: Tensor) -> Tensor:
    """Return the luma (1, H, W) of an image."""
    return (image * _LUMINANCE).sum(0, keepdim=True)


def filtered(image: Tensor, function: Callable[..., np.ndarray], *args: object) -> Tensor:
    """Apply a filter of 2-D arrays to each channel, and clip."""
    channels = [function(channel, *args) for channel in image.numpy()]
    return torch.from_numpy(np.stack(channels)).float().clamp(0, 1)


def white_noise(image: Tensor, strength: float, rng: torch.Generator) -> Tensor:
    """Add Gaussian noise, of one value for all channels or not; sigma up to 0.2."""
    shape = (1 if integer(rng, 3) == 0 else 3, *image.shape[1:])
    noise = torch.randn(shape, generator=rng)
    return (image + (0.01 + 0.19 * strength) * noise).clamp(0, 1)


def coloured_noise(image: Tensor, strength: float, rng: torch.Generator) -> Tensor:
    """Add Gaussian noise of spectrum 1/f^a, a from -1 (blue) to 2 (brown); sigma up to 0.2."""
    height, width = image.shape[1:]
    frequency = torch.hypot(torch.fft.fftfreq(height)[:, None], torch.fft.rfftfreq(width)[None])
    frequency[0, 0] = 1 / max(height, width)
    shape = (1 if integer(rng, 3) == 0 else 3, height, width)
    spectrum = torch.fft.rfft2(torch.randn(shape, generator=rng))
    noise = torch.fft.irfft2(spectrum * frequency ** -uniform(rng, -1, 2), s=(height, width))
    noise = noise / noise.std().clamp_min(1e-12)
    return (image + (0.01 + 0.19 * strength) * noise).clamp(0, 1)


def impulse_noise(image: Tensor, strength: float, rng: torch.Generator) -> Tensor:
    """Set pixels, or single channels of them, to black or white; up to 15 % of them."""
    share = 0.002 + 0.148 * strength**2
    shape = (1 if integer(rng, 2) else 3, *image.shape[1:])
    hit = torch.rand(shape, generator=rng) < share
    value = (torch.rand(shape, generator=rng) < 0.5).float()
    return torch.where(hit.expand_as(image), value.expand_as(image), image)


def checkerboard(image: Tensor, strength: float, rng: torch.Generator) -> Tensor:
    """Scale every second pixel of rows and columns, as strided deconvolutions do."""
    period = 2 + 2 * integer(rng, 2)
    gain = torch.ones(image.shape[1:])
    gain[:: period // 2 * 2, :: period // 2 * 2] += sign(rng) * (0.05 + 0.55 * strength)
    shifted = gain.roll((integer(rng, period), integer(rng, period)), (0, 1))
    return (image * shifted).clamp(0, 1)


def gaussian_blur(image: Tensor, strength: float, rng: torch.Generator) -> Tensor:
    """Blur by a Gaussian, up to 1.5 times wider along one axis; sigma up to 4 px."""
    sigma = 0.4 + 3.6 * strength**1.5
    sides = [sigma, sigma * uniform(rng, 1 / 1.5, 1)]
    return filtered(image, ndimage.gaussian_filter, sides[:: int(sign(rng))])


def median_blur(image: Tensor, strength: float, rng: torch.Generator) -> Tensor:
    """Take the median of 3 x 3 to 9 x 9 pixels."""
    del rng
    return filtered(image, ndimage.median_filter, 3 + 2 * round(3 * strength))


def bilateral_blur(image: Tensor, strength: float, rng: torch.Generator) -> Tensor:
    """Blur within colours that are alike (bilateral filter)."""
    pixels = image.permute(1, 2, 0).double().numpy()
    smoothed = denoise_bilateral(
        pixels,
        win_size=7,
        sigma_color=0.05 + 0.25 * strength,
        sigma_spatial=uniform(rng, 1, 4),
        channel_axis=-1,
    )
    return torch.from_numpy(smoothed).permute(2, 0, 1).float().contiguous().clamp(0, 1)


def jpeg(image: Tensor, strength: float, rng: torch.Generator) -> Tensor:
    """Compress as JPEG of quality 80 down to 4, with or without halved chroma."""
    stream = io.BytesIO()
    quality = round(80 * math.exp(-3 * strength))
    Image.fromarray(to_uint8(image)).save(
        stream, "JPEG", quality=max(4, quality), subsampling=2 * integer(rng, 2)
    )
    with Image.open(stream) as decoded:
        pixels = np.array(decoded, dtype=np.float32) / 255
    return torch.from_numpy(pixels).permute(2, 0, 1).contiguous()


def brightness(image: Tensor, strength: float, rng: torch.Generator) -> Tensor:
    """Raise to a power, which keeps black and white: brighter or darker."""
    return image.clamp(0, 1) ** math.exp(sign(rng) * (0.05 + 0.85 * strength))


def contrast(image: Tensor, strength: float, rng: torch.Generator) -> Tensor:
    """Scale differences from the mean colour, down to a third or up to double."""
    gain = math.exp((0.05 + 0.65 * strength) * (1.0 if integer(rng, 2) else -1.5))
    mean = image.mean((1, 2), keepdim=True)
    return (mean + gain * (image - mean)).clamp(0, 1)


def saturation(image: Tensor, strength: float, rng: torch.Generator) -> Tensor:
    """Scale differences from grey, down to none or up to two and a half times."""
    change = 0.1 + 0.9 * strength
    gain = 1 - change if integer(rng, 2) else 1 + 1.5 * change
    grey = luminance(image)
    return (grey + gain * (image - grey)).clamp(0, 1)


def colour_shift(image: Tensor, strength: float, rng: torch.Generator) -> Tensor:
    """Add one colour of random direction; up to 0.25 long."""
    colour = torch.randn(3, 1, 1, generator=rng)
    colour = colour / colour.norm().clamp_min(1e-6)
    return (image + (0.02 + 0.23 * strength) * colour).clamp(0, 1)


def quantisation(image: Tensor, strength: float, rng: torch.Generator) -> Tensor:
    """Round to few levels per channel, 32 down to 3, with or without dither."""
    steps = max(2, round(31 * math.exp(-2.7 * strength)))
    dither = (torch.rand(image.shape, generator=rng) - 0.5) * integer(rng, 2)
    return ((image * steps + dither).round() / steps).clamp(0, 1)


def shift(image: Tensor, strength: float, rng: torch.Generator) -> Tensor:
    """Translate by up to 5 px in a random direction."""
    angle, length = uniform(rng, 0, 2 * math.pi), 0.3 + 4.7 * strength
    return displaced(image, length * direction(angle).expand(2, *image.shape[1:]))


def affine(image: Tensor, strength: float, rng: torch.Generator) -> Tensor:
    """Rotate, scale and shear about the middle, by up to 15 % of the distance to it."""
    height, width = image.shape[1:]
    matrix = torch.randn(2, 2, generator=rng)
    matrix = matrix / matrix.norm() * (0.01 + 0.2 * strength)
    y = torch.arange(height) - (height - 1) / 2
    x = torch.arange(width) - (width - 1) / 2
    places = torch.stack(torch.meshgrid(y, x, indexing="ij"))
    return displaced(image, torch.einsum("ij,jhw->ihw", matrix, places))


def warp(image: Tensor, strength: float, rng: torch.Generator) -> Tensor:
    """Displace by a smooth random field of 2 to 6 nodes a side; rms up to 3 px."""
    nodes = 2 + integer(rng, 5)
    coarse = torch.randn(1, 2, nodes, nodes, generator=rng)
    size = list(image.shape[1:])
    field = F.interpolate(coarse, size, mode="bicubic", align_corners=True)[0]
    field = field / field.square().mean().sqrt().clamp_min(1e-6)
    return displaced(image, (0.2 + 2.8 * strength) * field)


def ghost(image: Tensor, strength: float, rng: torch.Generator) -> Tensor:
    """Blend with a copy that is shifted by 2 to 6 px; up to half and half."""
    angle, length = uniform(rng, 0, 2 * math.pi), uniform(rng, 2, 6)
    moved = displaced(image, length * direction(angle).expand(2, *image.shape[1:]))
    return torch.lerp(image, moved, 0.05 + 0.45 * strength)


def chromatic_aberration(image: Tensor, strength: float, rng: torch.Generator) -> Tensor:
    """Shift red and blue against green, each by up to 3 px."""
    fields = [torch.zeros(2, 1, 1) for _ in range(3)]
    for channel in (0, 2):
        angle = uniform(rng, 0, 2 * math.pi)
        fields[channel] = (0.3 + 2.7 * strength) * direction(angle)
    size = image.shape[1:]
    parts = [displaced(image[c : c + 1], fields[c].expand(2, *size)) for c in range(3)]
    return torch.cat(parts)


def direction(angle: float) -> Tensor:
    """Return the unit vector (2, 1, 1) in (y, x) of an angle in radians."""
    return torch.tensor([math.sin(angle), math.cos(angle)])[:, None, None]


def displaced(image: Tensor, field: Tensor) -> Tensor:
    """Sample an image (C, H, W) at its pixels' places plus a field (2, H, W) of (y, x) px.

    Bicubic, clipped to [0, 1]; beyond the border the image is continued by reflection.
    """
    height, width = image.shape[1:]
    y = torch.arange(height)[:, None] + field[0]
    x = torch.arange(width)[None, :] + field[1]
    grid = torch.stack([2 * x / (width - 1) - 1, 2 * y / (height - 1) - 1], dim=-1)
    moved = F.grid_sample(
        image[None], grid[None], mode="bicubic", padding_mode="reflection", align_corners=True
    )
    return moved[0].clamp(0, 1)
