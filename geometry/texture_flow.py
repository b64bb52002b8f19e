"""Motion between textures: objects of the one are taken to objects of the other.

Nothing of the one is in the other, so that flow of brightness finds little. What two textures
have in common is that there are objects, lighter or darker than what is around them: their
luminance less its surroundings', in units of the local contrast. Flow between these pictures
lays objects on objects and gaps on gaps.

A path is then two layers, both ends on their way to each other, faded over each other; what
a geodesic computes is the residual that is added to them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..metrics.tiling import NO_WRAP, Wrap
from .blur import gaussian_blur
from .crisp_fade import amplify, local_energy
from .luminance import luminance
from .torus import around
from .warp import carry, pixel_grid, sample

_FINE, _COARSE = 1.0, 8.0
_ATTACHMENT, _TIGHTNESS, _WARPS = 4.0, 0.3, 10
_SMOOTHING = 2.0
_TINY = 1e-3
# Without gradients there is no optical flow.
_SHORTEST = 2


@dataclass(frozen=True)
class TextureFlow:
    """Two images (3, H, W) and the motion that lays their objects on each other.

    Attributes
    ----------
    start, end
        The images.
    motion
        (2, 2, H, W), displacements in pixels, downwards and to the right: of the start's
        pixels to the end, and of the end's to the start.
    wrap
        Axes (y, x) on which images repeat.
    """

    start: Tensor
    end: Tensor
    motion: Tensor
    wrap: Wrap = NO_WRAP

    @classmethod
    def between(
        cls, start: Tensor, end: Tensor, stiffness: float = 1.0, wrap: Wrap = NO_WRAP
    ) -> TextureFlow:
        """Estimate the motion; see `object_motion`."""
        there, back = (start, end), (end, start)
        motion = torch.stack([object_motion(*pair, stiffness, wrap) for pair in (there, back)])
        return cls(start, end, motion, wrap)

    @classmethod
    def still(cls, start: Tensor, end: Tensor, wrap: Wrap = NO_WRAP) -> TextureFlow:
        """Return the two images without any motion."""
        return cls(start, end, start.new_zeros(2, 2, *start.shape[1:]), wrap)

    def path(self, times: Sequence[float]) -> Tensor:
        """Return both ends moved and faded at times (T, 3, H, W).

        The local contrast that mixing and resampling take is given back; exact at 0 and 1.
        """
        ends = torch.stack([self.start, self.end])
        energies = local_energy(ends, self.wrap)
        frames = []
        for time in times:
            if time in (0, 1):
                frames.append(ends[int(time)])
            else:
                weights = ends.new_tensor([1 - time, time])
                frames.append(mix(ends, energies, self._places(time), weights, self.wrap))
        return torch.stack(frames)

    def layers(self, time: float) -> Tensor:
        """Return both ends as they look at a time on their way, (2, 3, H, W)."""
        ends = torch.stack([self.start, self.end])
        return sample(ends, self._places(time), wrap=self.wrap).clamp(0, 1)

    def _places(self, time: float) -> Tensor:
        """Return where in each end what is at a pixel at a time is, (2, 2, H, W)."""
        grid, velocity = pixel_grid(self.start), self.velocity(time)
        return torch.stack([grid - time * velocity, grid + (1 - time) * velocity])

    def velocity(self, time: float) -> Tensor:
        """Return how what is at each pixel at a time moves, (2, H, W) in pixels per path.

        What the start's and the end's motion say, the nearer of which counts more.
        """
        grid = pixel_grid(self.motion)
        by_start = carry(self.motion[0], grid, time, self.wrap)
        by_end = -carry(self.motion[1], grid, 1 - time, self.wrap)
        return torch.lerp(by_start, by_end, time)


def object_motion(
    start: Tensor, end: Tensor, stiffness: float = 1.0, wrap: Wrap = NO_WRAP
) -> Tensor:
    """Return how objects of an image move to those of another, (2, H, W) in pixels.

    Displacements of the start's pixels, downwards and to the right, by variational optical
    flow (TV-L1 [1]_) of local contrast.

    Parameters
    ----------
    start, end
        Images (3, H, W) RGB in [0, 1].
    stiffness
        Weighs the smoothness of the motion against how well objects match: the larger, the
        less is moved.
    wrap
        Axes (y, x) on which images repeat.

    References
    ----------
    .. [1] Wedel, Pock, Zach, Bischof, Cremers, "An improved algorithm for TV-L1 optical
       flow", Statistical and Geometrical Approaches to Visual Motion Analysis, 2009.
    """
    # It loads slowly.
    from skimage.registration import optical_flow_tvl1

    if min(start.shape[1:]) < _SHORTEST:
        return torch.zeros(2, *start.shape[1:]).to(start)
    attachment = _ATTACHMENT / max(stiffness, _TINY)

    def estimate(*pictures: Tensor) -> Tensor:
        a, b = (picture[0].cpu().numpy() for picture in pictures)
        flow = optical_flow_tvl1(a, b, attachment=attachment, tightness=_TIGHTNESS, num_warp=_WARPS)
        return torch.nan_to_num(torch.from_numpy(flow).to(start))

    flow = around(estimate, _objects(start, wrap)[None], _objects(end, wrap)[None], wrap)
    return gaussian_blur(flow, _SMOOTHING, wrap)


def mix(
    images: Tensor, energies: Tensor, places: Tensor, weights: Tensor, wrap: Wrap = NO_WRAP
) -> Tensor:
    """Mix images (K, 3, H, W), each sampled at its places (K, 2, H, W), by weights (K,).

    The local contrast that mixing and resampling take is given back: ``energies`` are the
    images' `local_energy`.
    """
    wanted = torch.tensordot(weights, sample(energies.squeeze(2), places, "bilinear", wrap), 1)
    moved = sample(images, places, wrap=wrap).clamp(0, 1)
    return amplify(torch.tensordot(weights, moved, 1), wanted[:, None], wrap)


def _objects(image: Tensor, wrap: Wrap) -> Tensor:
    """Return luminance (H, W) less its surroundings', over the local deviation."""
    grey = luminance(image.detach().float())
    detail = gaussian_blur(grey, _FINE, wrap) - gaussian_blur(grey, _COARSE, wrap)
    deviation = gaussian_blur(detail.square(), 2 * _COARSE, wrap).sqrt()
    return detail / (deviation + _TINY)
