"""Paths of moving images: both ends warped along their optical flow, and blended.

No estimate of motion is right everywhere. Several are made, and at each pixel of a frame
those weigh most under which the two ends, warped to that frame's time, agree around it. "No
motion" is among them, and where no other is clearly better the path is the cross-fade.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ..metrics import InputError
from ..metrics.tiling import NO_WRAP, Wrap
from .blur import gaussian_blur
from .ends import check_ends
from .luminance import luminance
from .torus import around
from .warp import carry, pixel_grid, sample

# All chosen by measurement, on moved photographs and frames of video.
_RADIUS = 7
_ATTACHMENT, _TIGHTNESS, _WARPS = 15.0, 0.6, 10
# Without gradients there is no optical flow.
_SHORTEST = 2
_FARTHEST = 0.25
_SMOOTHING, _FAR_SMOOTHING = 2.0, 5.0
_TOLERANCE = 0.015
_STILLNESS = 0.5
_DISTRUST = 0.005
_AREA = 8.0
_NO_TRUST, _FULL_TRUST = 0.75, 0.55
# Falls off within half a pixel beyond the border.
_BORDER = 4.0
_TINY = 0.003

Grey = npt.NDArray[np.float32]


def flow_path(
    start: Tensor,
    end: Tensor,
    times: Sequence[float] | Tensor,
    motions: Tensor | None = None,
    wrap: Wrap = NO_WRAP,
) -> Tensor:
    """Move from one image to the other along their optical flow.

    The motion at a pixel of a frame is looked up in the flow by fixed-point iteration. What
    would come from outside an end is taken from the other one. Followed are motions of up
    to about an eighth of the width. Things that only one end shows, or that move too far,
    fade. Strictly periodic patterns mislead it: every period that fits looks right.

    Parameters
    ----------
    start, end
        The ends, (3, H, W), floating point in [0, 1].
    times
        Times of the T frames in [0, 1], at least one.
    motions
        What `find_motions` returned for these ends, if the caller keeps it: finding motion
        takes most of the time.
    wrap
        Axes (y, x) on which images repeat.

    Returns
    -------
    Tensor
        (T, 3, H, W) in [0, 1], of the type and on the device of the ends; bit for bit the
        start at time 0 and the end at time 1.

    Raises
    ------
    InputError
        The ends are no images or differ in shape, or a time lies outside [0, 1].
    """
    check_ends(start, end)
    moments = [float(time) for time in times]
    if not moments or not all(0 <= time <= 1 for time in moments):
        raise InputError(f"times: found {moments}, expected at least one, all in [0, 1]")
    if motions is None and any(0 < time < 1 for time in moments):
        motions = find_motions(start, end, wrap)
    frames = []
    for time in moments:
        if time in (0, 1) or motions is None:
            frames.append(end if time == 1 else start)
        else:
            frames.append(move(start, end, time, motions, wrap)[0])
    return torch.stack(frames)


def find_motions(start: Tensor, end: Tensor, wrap: Wrap = NO_WRAP) -> Tensor:
    """Estimate the motion between images (3, H, W) in several ways.

    In order: local [1]_ and variational [2]_ optical flow, both from coarse to fine, of the
    luminance; and the one displacement of phase correlation [3]_, which is not taken in by
    texture that resembles itself.

    Returns
    -------
    Tensor
        (3, 2, 2, H, W), displacements in pixels, downwards and to the right: by estimate, of
        the start's pixels to the end and of the end's to the start.

    Raises
    ------
    InputError
        The ends are no images or differ in shape.

    References
    ----------
    .. [1] Le Besnerais, Champagnat, "Dense optical flow by iterative local window
       registration", ICIP 2005.
    .. [2] Wedel, Pock, Zach, Bischof, Cremers, "An improved algorithm for TV-L1 optical
       flow", Statistical and Geometrical Approaches to Visual Motion Analysis, 2009.
    .. [3] Guizar-Sicairos, Thurman, Fienup, "Efficient subpixel image registration
       algorithms", Optics Letters 33, 2008.
    """
    # It loads slowly.
    from skimage.registration import optical_flow_ilk, optical_flow_tvl1

    check_ends(start, end)
    if min(start.shape[1:]) < _SHORTEST:
        return torch.zeros(3, 2, 2, *start.shape[1:]).to(start)
    settings: dict[str, Any] = {
        "attachment": _ATTACHMENT,
        "tightness": _TIGHTNESS,
        "num_warp": _WARPS,
    }

    def estimate(*pictures: Tensor) -> Tensor:
        a, b = (picture[0].numpy() for picture in pictures)
        both = ((a, b), (b, a))
        local = [optical_flow_ilk(x, y, radius=_RADIUS) for x, y in both]
        variational = [optical_flow_tvl1(x, y, **settings) for x, y in both]
        return torch.from_numpy(np.nan_to_num(np.stack([local, variational])))

    a, b = _luminance(start), _luminance(end)
    flows = around(estimate, a[None], b[None], wrap)
    shift = torch.tensor(_common_shift(a.numpy(), b.numpy(), wrap))[:, None, None]
    shift = shift.expand(2, *a.shape)
    motions = torch.cat([flows, torch.stack([shift, -shift])[None].to(flows)])
    return motions.to(start)


def _luminance(image: Tensor) -> Tensor:
    return luminance(image.detach().to("cpu", torch.float32))


def _common_shift(a: Grey, b: Grey, wrap: Wrap) -> tuple[float, float]:
    """Return by how much all of `a` is displaced in `b`; zero if that is implausibly far."""
    from skimage.registration import phase_cross_correlation

    # Without a window the borders, which do not move, correlate too.
    windows = (
        np.ones(side) if wrapped else np.hanning(side + 2)[1:-1]
        for side, wrapped in zip(a.shape, wrap, strict=True)
    )
    window = np.outer(*windows)
    left, right = ((x - x.mean()) * window for x in (a, b))
    if min(np.abs(left).max(), np.abs(right).max()) < _TINY:
        return 0.0, 0.0
    shift, _, _ = phase_cross_correlation(right, left, upsample_factor=10)
    if any(abs(d) > _FARTHEST * side for d, side in zip(shift, a.shape, strict=True)):
        return 0.0, 0.0
    return float(shift[0]), float(shift[1])


def move(
    start: Tensor, end: Tensor, time: float, motions: Tensor, wrap: Wrap = NO_WRAP
) -> tuple[Tensor, Tensor]:
    """Return the frame of `flow_path` at a time between 0 and 1, and both ends moved there.

    (3, H, W) and (2, 3, H, W). The hypotheses are blended, and with the cross-fade where
    motion explains little of an area; the moved ends differ where it does not explain all.
    """
    with torch.no_grad():
        errors, images, sides = _hypotheses(start, end, motions.to(start), time, wrap)
        weights = _weights(errors)
        trust = _trust(errors, weights, wrap)
        frame = torch.lerp(images[-1], (weights[:, None] * images).sum(0), trust)
        moved = torch.lerp(sides[-1], (weights[:, None, None] * sides).sum(0), trust)
        return frame.clamp(0, 1), moved.clamp(0, 1)


def unexplained(start: Tensor, end: Tensor, motions: Tensor) -> Tensor:
    """Return the local difference (H, W) of the ends halfway that `find_motions` leaves."""
    errors, _, _ = _hypotheses(start, end, motions.to(start), 0.5, NO_WRAP)
    return (_weights(errors) * errors).sum(0)


def _trust(errors: Tensor, weights: Tensor, wrap: Wrap) -> Tensor:
    """Return how far motion explains an area (H, W), from 0 to 1."""
    both = torch.stack([(weights * errors).sum(0), errors[-1]])
    left, still = gaussian_blur(both, _AREA, wrap)
    return ((_NO_TRUST - left / (still + _TINY)) / (_NO_TRUST - _FULL_TRUST)).clamp(0, 1)


def _weights(errors: Tensor) -> Tensor:
    """Weigh hypotheses by their errors (K, H, W); the last is "no motion", which is favoured."""
    favour = torch.ones_like(errors[:, :1, :1])
    favour[-1] = _STILLNESS
    return torch.softmax(-favour * errors / _TOLERANCE, 0)


def _hypotheses(
    start: Tensor, end: Tensor, motions: Tensor, time: float, wrap: Wrap
) -> tuple[Tensor, Tensor, Tensor]:
    """Return how wrong the ends warped by each motion are, the ends blended, and themselves.

    (K, H, W), (K, 3, H, W) and (K, 2, 3, H, W). Wrong is where they differ, and where the
    flows of the two ends contradict each other.
    """
    grid = pixel_grid(start)
    errors, images, sides = [], [], []
    for velocity, dispute in _velocities(motions, grid, time, wrap):
        positions = grid - time * velocity, grid + (1 - time) * velocity
        a, b = (sample(x, p, wrap=wrap) for x, p in zip((start, end), positions, strict=True))
        in_a, in_b = (_inside(position, wrap) for position in positions)
        error = _local_error((a - b).abs().mean(0), in_a * in_b, wrap)
        errors.append(error + _DISTRUST * dispute)
        share_a, share_b = (1 - time) * (in_a + _TINY), time * (in_b + _TINY)
        images.append((share_a * a + share_b * b) / (share_a + share_b))
        sides.append(torch.stack([a, b]))
    return torch.stack(errors), torch.stack(images), torch.stack(sides)


def _local_error(difference: Tensor, known: Tensor, wrap: Wrap) -> Tensor:
    """Average a difference (H, W) around each pixel, over what is known of it.

    Far from all that is known it is the average farther around, and failing that the worst.
    """
    error = torch.ones_like(difference)
    for sigma in (_FAR_SMOOTHING, _SMOOTHING):
        total, weight = (gaussian_blur(x, sigma, wrap) for x in (known * difference, known))
        error = (total + _TINY * error) / (weight + _TINY)
    return error


def _velocities(
    motions: Tensor, grid: Tensor, time: float, wrap: Wrap
) -> list[tuple[Tensor, Tensor]]:
    """Return candidates (2, H, W) for the velocity at each pixel of the frame at a time.

    Of each estimate: by the start's flow, by the end's, and their mean; last, none. Beside
    them, by how many pixels the start's and the end's differ (H, W).
    """
    velocities = []
    for forward, backward in motions:
        by_start = carry(forward, grid, time, wrap)
        by_end = -carry(backward, grid, 1 - time, wrap)
        dispute = (by_start - by_end).norm(dim=0)
        velocities += [(v, dispute) for v in (by_start, by_end, (by_start + by_end) / 2)]
    return [*velocities, (torch.zeros_like(grid), torch.zeros_like(grid[0]))]


def _inside(position: Tensor, wrap: Wrap) -> Tensor:
    """Return 1 where positions (2, H, W) are inside the image, towards 0 beyond borders."""
    last = torch.tensor(position.shape[1:]).to(position)[:, None, None] - 1
    beyond = torch.maximum(-position, position - last).clamp(min=0)
    beyond = (beyond * ~torch.tensor(wrap, device=beyond.device)[:, None, None]).amax(0)
    return torch.exp(-_BORDER * beyond)
