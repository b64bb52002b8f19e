from __future__ import annotations

import numpy as np
import torch

from elpips.media import to_uint8
from elpips.media.palette import quantize
from frame_pictures import noise, photographs


def test_palette_serves_all_frames_without_flicker() -> None:
    frames = photographs(6)
    frames[:, :, :, :40] = frames[0, :, :, :40]
    pixels = to_uint8(frames)
    indices, palette = quantize(pixels)
    colours = np.frombuffer(palette, np.uint8).reshape(256, 3)
    assert np.array_equal(indices[:, :, :40], indices[:1, :, :40].repeat(6, 0))
    errors = colours[indices].astype(float) - pixels
    worst = max(float((error**2).mean()) for error in errors)
    assert 10 * np.log10(255**2 / worst) > 35
    # No shift of colours, which the dither might cause.
    assert abs(errors.mean()) < 0.3


def test_smooth_gradients_are_dithered() -> None:
    ramp = torch.linspace(0.2, 0.4, 256).expand(3, 64, 256)
    frames = torch.stack([ramp, noise(1, 64, 256)[0]])
    pixels = to_uint8(frames)
    indices, palette = quantize(pixels)
    colours = np.frombuffer(palette, np.uint8).reshape(256, 3)
    shown = colours[indices[0]].astype(float)
    # Bands would be alike in all rows.
    assert float(shown.std(0).max()) > 0
