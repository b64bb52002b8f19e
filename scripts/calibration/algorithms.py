"""Distortions that stand for real algorithms: what networks and image restoration leave.

They imitate the validation families of BAPPS, which are outputs of real ones, and are built of
other operations than `distortions` and `displacements`, whose contract they keep: so a
calibration can be judged on what it was not trained on.
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from scipy import ndimage
from skimage import color, restoration
from torch import Tensor

from ...media.write import to_uint8
from .displacements import direction, displaced
from .distortions import filtered
from .random_numbers import integer, uniform

_KERNELS = (
    Image.Resampling.NEAREST,
    Image.Resampling.BOX,
    Image.Resampling.BILINEAR,
    Image.Resampling.BICUBIC,
    Image.Resampling.LANCZOS,
)


def network(image: Tensor, strength: float, rng: torch.Generator) -> Tensor:
    """Add the residual of a random network of two layers; rms up to 0.15.

    Half of them work at half the size and come back by a random strided deconvolution.
    """
    channels, side = 8, 3 + 2 * integer(rng, 2)
    strided = integer(rng, 2) == 1
    first = torch.randn(channels, 3, side, side, generator=rng) / math.sqrt(3 * side**2)
    bias = 0.3 * torch.randn(channels, generator=rng)
    padded = F.pad(image[None] - 0.5, (side // 2,) * 4, mode="reflect")
    hidden = F.leaky_relu(F.conv2d(padded, first, bias, stride=1 + strided), 0.2)
    last = torch.randn(channels, 3, 4, 4, generator=rng)
    if strided:
        residual = F.conv_transpose2d(hidden, last, stride=2, padding=1)
    else:
        residual = F.conv2d(hidden, last[..., :3, :3].transpose(0, 1), padding=1)
    residual = residual[0, :, : image.shape[1], : image.shape[2]]
    residual = residual - residual.mean((1, 2), keepdim=True) * uniform(rng, 0, 1)
    rms = residual.square().mean().sqrt().clamp_min(1e-6)
    return (image + (0.01 + 0.14 * strength) * residual / rms).clamp(0, 1)


def superres(image: Tensor, strength: float, rng: torch.Generator) -> Tensor:
    """Shrink 1.2 to 5 times and enlarge again, by two of five kernels; some are sharpened."""
    height, width = image.shape[1:]
    factor = 1.2 + 3.8 * strength
    small = (max(2, round(width / factor)), max(2, round(height / factor)))
    # Enlarging by nearest neighbours is rare, and shrinking by them, too.
    down, up = (_KERNELS[max(integer(rng, 5), integer(rng, 5))] for _ in range(2))
    picture = Image.fromarray(to_uint8(image)).resize(small, down).resize((width, height), up)
    restored = torch.from_numpy(np.array(picture, dtype=np.float32) / 255).permute(2, 0, 1)
    return _sharpened(restored, 1.5 * strength if integer(rng, 2) else 0.0, 1.5)


def deblur(image: Tensor, strength: float, rng: torch.Generator) -> Tensor:
    """Blur by motion, add noise, and restore by a Wiener filter or an unsharp mask."""
    length = 2 + 10 * strength
    kernel = _motion_kernel(length, uniform(rng, 0, math.pi))
    noise = 0.02 * strength * torch.randn(image.shape, generator=rng)
    blurred = (filtered(image, ndimage.convolve, kernel) + noise).clamp(0, 1)
    if integer(rng, 2):
        return _sharpened(blurred, uniform(rng, 0.3, 2), length / 3)
    balance = 10 ** uniform(rng, -2.5, -0.5)

    def wiener(channel: np.ndarray) -> np.ndarray:
        return np.asarray(restoration.wiener(channel, kernel, balance, clip=True))

    return filtered(blurred, wiener)


def recolour(image: Tensor, strength: float, rng: torch.Generator) -> Tensor:
    """Change the colours and keep the lightness, as colourising a grey image does.

    In CIELAB: chroma is turned, scaled, blurred and shifted.
    """
    lab = color.rgb2lab(image.permute(1, 2, 0).double().numpy())
    chroma = lab[..., 1] + 1j * lab[..., 2]
    blur = uniform(rng, 0, 6) * strength
    chroma = ndimage.gaussian_filter(chroma.real, blur) + 1j * ndimage.gaussian_filter(
        chroma.imag, blur
    )
    angle = uniform(rng, -1.2, 1.2) * strength
    gain = 1 + uniform(rng, -1, 0.6) * strength
    offset = uniform(rng, 0, 25) * strength * np.exp(1j * uniform(rng, 0, 2 * math.pi))
    chroma = gain * chroma * np.exp(1j * angle) + offset
    changed = np.stack([lab[..., 0], chroma.real, chroma.imag], axis=-1)
    with np.errstate(invalid="ignore"):
        pixels = color.xyz2rgb(_lab2xyz(changed))
    return torch.from_numpy(pixels).permute(2, 0, 1).float().contiguous().clamp(0, 1)


def frameinterp(image: Tensor, strength: float, rng: torch.Generator) -> Tensor:
    """Blend two copies that are displaced against each other, as failed interpolation does.

    Displacements are opposite, smooth, up to 4 px, and apart by a seam in some.
    """
    size = image.shape[1:]
    main = direction(uniform(rng, 0, 2 * math.pi)).expand(2, *size)
    coarse = torch.randn(1, 2, 3, 3, generator=rng)
    wobble = F.interpolate(coarse, list(size), mode="bicubic", align_corners=True)[0]
    field = (0.3 + 3.7 * strength) * (main + 0.4 * wobble)
    before, after = displaced(image, field), displaced(image, -field * uniform(rng, 0, 1))
    if integer(rng, 2):
        return torch.lerp(before, after, uniform(rng, 0.2, 0.8))
    seam = F.interpolate(torch.randn(1, 1, 4, 4, generator=rng), list(size), mode="bicubic")[0]
    return torch.where(seam > 0, before, after)


def _sharpened(image: Tensor, amount: float, sigma: float) -> Tensor:
    smooth = filtered(image, ndimage.gaussian_filter, sigma)
    return (image + amount * (image - smooth)).clamp(0, 1)


def _motion_kernel(length: float, angle: float) -> np.ndarray:
    """Return a line of ``length`` px as a normalised square kernel of odd side."""
    side = 2 * math.ceil(length / 2) + 1
    kernel = np.zeros((side, side), np.float32)
    for t in np.linspace(-length / 2, length / 2, 4 * side):
        y = round(side // 2 + t * math.sin(angle))
        x = round(side // 2 + t * math.cos(angle))
        kernel[min(max(y, 0), side - 1), min(max(x, 0), side - 1)] += 1
    return kernel / kernel.sum()


def _lab2xyz(lab: np.ndarray) -> np.ndarray:
    """Convert as `skimage.color.lab2xyz` does, without its warnings of colours out of gamut."""
    f_y = (lab[..., 0] + 16) / 116
    f = np.stack([f_y + lab[..., 1] / 500, f_y, f_y - lab[..., 2] / 200], axis=-1)
    xyz = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29))
    return np.maximum(xyz, 0) * color.xyz_tristimulus_values(illuminant="D65", observer="2")
