"""Where paths start: fades, motion, noise, or frames that are given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor

from ..metrics import InputError, check_images
from ..metrics.tiling import NO_WRAP, Wrap
from ..optim import project
from ..rgba import has_alpha
from .crisp_fade import crisp_fade, restore_contrast
from .flow_interpolation import find_motions, move
from .outline import Outlines, inside, spread_colours
from .sine_modes import nearest_knot, resample, times_of
from .texture_flow import TextureFlow

PathInit = Literal["texture", "crisp", "blend", "nearest", "noise", "flow", "objects"]

# Starts of which transparency is a fourth colour.
_FADED = ("blend", "nearest")
_NAMES = ", ".join(get_args(PathInit))


@dataclass(frozen=True)
class Reference:
    """A path to start from, whose deviation a geodesic is computed as.

    Attributes
    ----------
    at
        Its frames (T, 3, H, W) at T times in [0, 1].
    halfway
        Start and end as they look halfway along it, (2, 3, H, W): moved where motion is
        known, else as they are. Where they agree there is little left to be found.
    velocity
        How what is at each pixel at a time moves, (2, H, W) in pixels per path, downwards and
        to the right; None where nothing is meant to.
    flow
        The motion of objects, where it is one.
    outlined
        Whether its transparency is to stay, and only colours inside of it to change.
    """

    at: Callable[[Sequence[float]], Tensor]
    halfway: Tensor
    velocity: Callable[[float], Tensor] | None = None
    flow: TextureFlow | None = None
    outlined: bool = False

    def __call__(self, times: Sequence[float]) -> Tensor:
        """Return the frames (T, 3, H, W) at times in [0, 1]."""
        return self.at(times)


def cross_fade(start: Tensor, end: Tensor, times: Sequence[float]) -> Tensor:
    """Return (1 - t) start + t end for images (3, H, W), (T, 3, H, W); exact at 0 and 1."""
    weights = torch.tensor(list(times), dtype=start.dtype, device=start.device)
    return torch.lerp(start, end, weights[:, None, None, None])


def reference_path(
    start: Tensor,
    end: Tensor,
    init: PathInit | Tensor,
    stiffness: float = 1.0,
    wrap: Wrap = NO_WRAP,
) -> Reference:
    """Return the path between images (3, H, W) that a geodesic starts from.

    ``init`` is ``"crisp"`` (`crisp_fade`), ``"blend"`` (the cross-fade), ``"nearest"`` (each
    frame the nearer end), ``"texture"`` and ``"noise"`` (the crisp and the plain fade; solvers
    start from `texture_noise` and `noise_images`), ``"flow"`` (both ends warped along their
    optical flow, with the contrast that blending them takes), ``"objects"`` (`TextureFlow`,
    of a stiffness) or frames (T, 3, H, W), the first and last of which stand for the ends. On
    axes (y, x) that wrap images repeat. Images (4, H, W) with transparency are blended, or the
    nearer, as they are; all other starts are of their colours, inside of `Outlines` that go over
    into each other.
    """
    ends = torch.stack([start, end])
    if isinstance(init, Tensor):
        check_images(init, "init", start.shape[0])
        if len(init) < 2 or init.shape[1:] != start.shape:
            raise InputError(
                f"init: found {tuple(init.shape)}, expected (T, {start.shape[0]}, "
                f"{start.shape[1]}, {start.shape[2]}) with T >= 2"
            )
        given = init.detach().to(start)
        return Reference(lambda times: interpolate_path(given, times), ends)
    if has_alpha(start) and init not in _FADED:
        first, last = spread_colours(ends, wrap)
        return _outlined(ends, reference_path(first, last, init, stiffness, wrap), wrap)
    if init == "flow":
        motions = find_motions(start, end, wrap)
        return Reference(
            lambda times: torch.stack(
                [_crisp_flow(start, end, time, motions, wrap) for time in times]
            ),
            move(start, end, 0.5, motions, wrap)[1],
        )
    if init == "objects":
        flow = TextureFlow.between(start, end, stiffness, wrap)
        return Reference(flow.path, flow.layers(0.5), flow.velocity, flow)
    at: dict[str, Callable[[Sequence[float]], Tensor]] = {
        "texture": lambda times: crisp_fade(start, end, times, wrap),
        "crisp": lambda times: crisp_fade(start, end, times, wrap),
        "blend": lambda times: cross_fade(start, end, times),
        "noise": lambda times: cross_fade(start, end, times),
        "nearest": lambda times: torch.stack([start if time < 0.5 else end for time in times]),
    }
    if init not in at:
        raise InputError(f"init: found {init!r}, expected one of {_NAMES} or frames")
    return Reference(at[init], ends)


def interpolate_path(
    frames: Tensor, times: Sequence[float], reference: Reference | None = None
) -> Tensor:
    """Evaluate a path (N + 1, 3, H, W) at times in [0, 1], (T, 3, H, W).

    The deviation from ``reference`` (the cross-fade by default) is interpolated by its sine
    series; at the times of the frames the frames themselves come back.
    """
    if not all(0 <= time <= 1 for time in times):
        raise InputError(f"times: found {list(times)}, expected within [0, 1]")
    transitions = len(frames) - 1

    def at(moments: Sequence[float]) -> Tensor:
        if reference is None:
            return cross_fade(frames[0], frames[-1], moments)
        return reference(moments).to(frames)

    result = at(times)
    if transitions > 1:
        deviation = frames[1:-1] - at(times_of(transitions))[1:-1]
        result = project(result + resample(deviation, times))
    knots = [nearest_knot(time, transitions) for time in times]
    return torch.stack(
        [value if knot is None else frames[knot] for value, knot in zip(result, knots, strict=True)]
    )


def _outlined(ends: Tensor, colours: Reference, wrap: Wrap) -> Reference:
    """Return a path of colours inside of outlines between those of the ends (2, 4, H, W)."""
    outlines = Outlines.of(ends, wrap)

    def at(times: Sequence[float]) -> Tensor:
        alphas = torch.stack([outlines.between([1 - time, time]) for time in times])
        frames = inside(colours(times), alphas)
        for index, time in enumerate(times):
            if time in (0, 1):
                frames[index] = ends[int(time)]
        return frames

    halfway = inside(colours.halfway, outlines.between([0.5, 0.5])[None])
    return Reference(at, halfway, colours.velocity, outlined=True)


def _crisp_flow(start: Tensor, end: Tensor, time: float, motions: Tensor, wrap: Wrap) -> Tensor:
    if time in (0, 1):
        return end if time else start
    frame, (first, last) = move(start, end, time, motions, wrap)
    return restore_contrast(frame, first, last, time, wrap)
