"""How a path looks: measures of its pictures, without a network."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from ..rgba import over
from .motion_share import motion_shares
from .overlay import chance_overlay, overlay_share
from .sharpness import high_band_energy

# Less than a fortieth of a level of 8 bits: what rounding leaves of a flat picture.
_FLAT = 1e-4


@dataclass(frozen=True)
class PathAppearance:
    """What a path's frames look like beside its ends.

    Attributes
    ----------
    mid_contrast
        Pixel standard deviation of the middle (two middle) frames over the ends' mean.
    high_band_ratio
        High-band energy of the middle frames over the ends' interpolated one. 1/2 for the
        cross-fade of unrelated images, about 1 without ghosts.
    overlay, overlay_by_chance
        Share of the middle third's detail that a local mix of the ends explains, and what it
        would be of other ends: 1 for a cross-fade, and by chance far less (`overlay_share`).
    motion, motion_by_chance
        Share of the change that local motion explains beyond chance, and chance's own: 0 for
        a cross-fade, near 1 where all moves (`motion_share`).
    high_band, overlays
        The high-band ratio and the overlay share of each frame.
    motions
        The motion share of each transition.

    Contrast and detail are NaN where the ends are flat.
    """

    mid_contrast: float
    high_band_ratio: float
    overlay: float
    overlay_by_chance: float
    motion: float
    motion_by_chance: float
    high_band: tuple[float, ...]
    overlays: tuple[float, ...]
    motions: tuple[float, ...]

    @classmethod
    def of(cls, frames: Tensor) -> PathAppearance:
        """Measure frames (N + 1, 3, H, W), N >= 2; those with alpha over mid grey."""
        frames, count = over(frames), len(frames) - 1
        middle = sorted({count // 2, (count + 1) // 2})
        ends, margin = frames[[0, -1]], max(1, count // 3)
        third = slice(margin, count - margin + 1)
        bands, overlays = _high_band(frames), overlay_share(frames, ends)
        motion, motion_by_chance, motions = motion_shares(frames)
        return cls(
            mid_contrast=_contrast(frames, middle),
            high_band_ratio=sum(bands[index] for index in middle) / len(middle),
            overlay=float(overlays[third].mean()),
            overlay_by_chance=float(chance_overlay(frames[third], ends).mean()),
            motion=motion,
            motion_by_chance=motion_by_chance,
            high_band=bands,
            overlays=tuple(overlays.tolist()),
            motions=motions,
        )


def _high_band(frames: Tensor) -> tuple[float, ...]:
    """Return each frame's high-band energy over that interpolated between the ends'."""
    energy = torch.cat([high_band_energy(frame[None]) for frame in frames]).double().cpu()
    times = torch.linspace(0, 1, len(frames), dtype=torch.float64)
    expected = torch.lerp(energy[:1], energy[-1:], times)
    # Flat ends have no detail to compare with.
    return tuple(torch.where(expected > _FLAT**2, energy / expected, math.nan).tolist())


def _contrast(frames: Tensor, middle: list[int]) -> float:
    deviations = [float(frames[index].double().std()) for index in (0, len(frames) - 1, *middle)]
    ends, inner = deviations[:2], deviations[2:]
    return sum(inner) / len(inner) / (sum(ends) / 2) if sum(ends) / 2 > _FLAT else math.nan
