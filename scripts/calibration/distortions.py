"""Distortions that leave pixels in their places: noise, blur, compression, colour.

The kinds are those of the *traditional* family of BAPPS [1]_, of which `displacements` has
the spatial ones, with constants of our own. Every function takes an image (3, H, W) in
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
from PIL import Image
from scipy import ndimage
from skimage.restoration import denoise_bilateral
from torch import Tensor

from ...geometry.luminance import luminance as grey_of
from ...media.write import to_uint8
from .random_numbers import integer, sign, uniform

Distortion: TypeAlias = Callable[[Tensor, float, torch.Generator], Tensor]


def luminance(image: Tensor) -> Tensor:
    """Return the luma (1, H, W) of an image."""
    return grey_of(image)[None]


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
