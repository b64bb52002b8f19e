"""Fidelity of pictures to a known truth."""

from __future__ import annotations

import math

from torch import Tensor

from ...media.write import to_uint8


def psnr(images: Tensor, truth: Tensor) -> float:
    """Return the mean peak signal-to-noise ratio in dB of images (N, 3, H, W) in [0, 1].

    Of 8-bit pictures, as they would be saved; infinite where all are equal.
    """
    found, expected = (to_uint8(each).astype(float) / 255 for each in (images, truth))
    errors = ((found - expected) ** 2).mean((1, 2, 3))
    decibels = [-10 * math.log10(error) if error > 0 else math.inf for error in errors]
    return sum(decibels) / len(decibels)


def ssim(image: Tensor, truth: Tensor) -> float:
    """Return scikit-image's SSIM of two 8-bit pictures (3, H, W), Gaussian window, as published.

    References
    ----------
    .. [1] Wang et al., "Image quality assessment: from error visibility to structural
       similarity", IEEE TIP 2004.
    """
    # Imported here: it takes a second.
    from skimage.metrics import structural_similarity

    value = structural_similarity(
        to_uint8(image),
        to_uint8(truth),
        channel_axis=2,
        data_range=255,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )
    return float(value)
