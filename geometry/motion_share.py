"""How much of a path's change is motion, and not fading."""

from __future__ import annotations

import torch
from torch import Tensor

from .blur import gaussian_blur, gaussian_matrix
from .luminance import luminance

_SMOOTHING, _WINDOW, _WINDOW_IN_TIME = 1.0, 3.0, 1.0
_RIDGE = 1e-3
# Where else the change is put for chance, as shares of height and width.
_ROLLS = ((1 / 3, 1 / 3), (1 / 2, 1 / 5), (1 / 5, 1 / 2), (-1 / 4, 1 / 3))


def motion_share(frames: Tensor) -> tuple[float, float]:
    """Return the share of the change of frames (N + 1, 3, H, W) that is motion, and chance's.

    The share of the temporal change of luminance (blurred by 1 px) that the best velocity
    around each place explains (Lucas and Kanade's normal equations [1]_ in a Gaussian window
    of 3 px and one frame), less chance's, over 1 less chance's. Chance's is the same with the
    change put elsewhere. A shift by 0.5, 1, 2 px a frame has 0.99, 0.98, 0.94; a cross-fade of
    unrelated pictures about 0. What dissolves scores high too: read it with contrast. 0 for
    frames that do not change.

    References
    ----------
    .. [1] Lucas, Kanade, "An iterative image registration technique with an application to
       stereo vision", IJCAI 1981.
    """
    share, chance, _ = motion_shares(frames)
    return share, chance


def motion_shares(frames: Tensor) -> tuple[float, float, tuple[float, ...]]:
    """Return what `motion_share` does, and the share of each transition.

    It is seen in the same window in time; without change in it, a transition has 0. Along a side
    of one pixel nothing can be seen to move.
    """
    smooth = gaussian_blur(luminance(frames.detach().cpu().double()), _SMOOTHING)
    mean, change = (smooth[1:] + smooth[:-1]) / 2, smooth.diff(dim=0)
    if not change.any() or min(change.shape[1:]) < 2:
        return 0.0, 0.0, (0.0,) * len(change)
    down, right = torch.gradient(mean, dim=(1, 2))
    xx, yy, xy = _local(right * right), _local(down * down), _local(right * down)
    ridge = _RIDGE * (xx + yy).mean()
    determinant = (xx + ridge) * (yy + ridge) - xy**2

    def explained(change: Tensor) -> tuple[Tensor, Tensor]:
        """Return per transition the change, and what of it is explained."""
        xt, yt, tt = _local(right * change), _local(down * change), _local(change**2)
        u = -((yy + ridge) * xt - xy * yt) / determinant
        v = -((xx + ridge) * yt - xy * xt) / determinant
        left = tt + 2 * (u * xt + v * yt) + u**2 * xx + v**2 * yy + 2 * u * v * xy
        whole = tt.sum((1, 2))
        return whole, whole - left.sum((1, 2))

    height, width = change.shape[1:]
    elsewhere = [
        explained(change.roll((_part(height, down), _part(width, right)), (1, 2)))
        for down, right in _ROLLS
    ]
    null = sum(float(part.sum() / whole.sum()) for whole, part in elsewhere) / len(elsewhere)
    whole, part = explained(change)
    # Of what did not change, nothing is explained beyond chance.
    each = torch.where(whole > 0, part / whole, null)
    share = float(part.sum() / whole.sum())
    return (share - null) / (1 - null), null, tuple(((each - null) / (1 - null)).tolist())


def _local(values: Tensor) -> Tensor:
    """Average (N, H, W) over a Gaussian window in space and time."""
    blurred = gaussian_blur(values, _WINDOW)
    in_time = gaussian_matrix(len(values), _WINDOW_IN_TIME).to(values)
    return torch.einsum("st,thw->shw", in_time, blurred)


def _part(side: int, share: float) -> int:
    """Return a share of a side in whole pixels, rounded down."""
    return int(side // (1 / share))
