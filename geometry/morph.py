"""Morphs: a chain of geodesics through key images, at one speed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from ..metrics import DEFAULT_METRIC, InputError, Metric, create_metric
from ..metrics.backgrounds import channels_for, suited
from ..metrics.base import image_size
from ..metrics.seeds import stream
from ..optim import Callback, RunState
from .ends import check_frames
from .geodesic import DEFAULT_FRAMES, Geodesic, geodesic
from .inputs import check_inputs
from .notebook import animation, show
from .options import GeodesicOptions, choose_options
from .reference_path import PathInit
from .reparametrise import step_sizes

_CHORD_DRAWS = 8
_LEAST_TRANSITIONS = 2


@dataclass(frozen=True)
class Morph:
    """A path through key images.

    Attributes
    ----------
    frames
        (N, 3, H, W), each key image once; of a closed morph the first is not repeated.
    segments
        The geodesics that it is made of; fewer than asked for after Ctrl-C.
    transitions
        How many transitions each pair of key images was given.
    closed
        Whether the first frame follows on the last.
    """

    frames: Tensor = field(repr=False)
    segments: tuple[Geodesic, ...] = field(repr=False)
    transitions: tuple[int, ...]
    closed: bool

    def _repr_html_(self) -> str:
        """Show the morph in a notebook."""
        height, width = self.frames.shape[-2:]
        steps = sum(each.solution.state.step for each in self.segments)
        stops = " and ".join(dict.fromkeys(each.stop_reason.value for each in self.segments))
        return show(
            f"Morph of {len(self.frames)} frames of {width} x {height} px",
            animation(self.frames, "loop" if self.closed else "morph", closed=self.closed),
            [
                ("transitions of each pair", ", ".join(map(str, self.transitions))),
                ("stopped", f"{stops}, after {steps} steps"),
                ("certificates", "in .segments[0].evaluation and so on"),
            ],
        )

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended it."""
        return self.segments[-1].solution.interrupted


def morph(
    images: Tensor,
    frames: int = DEFAULT_FRAMES,
    options: GeodesicOptions | None = None,
    *,
    loop: bool = False,
    metric: Metric | str = DEFAULT_METRIC,
    init: PathInit | None = None,
    mask: Tensor | None = None,
    runs: Sequence[RunState | None] = (),
    callbacks: Callable[[int], Iterable[Callback]] = lambda pair: (),
    progress: Sequence[str] | None = None,
    **overrides: Any,
) -> Morph:
    """Compute the geodesics from each key image to the next, and join them.

    Frames are shared out by perceptual distance, so that the morph goes at one speed.

    Parameters
    ----------
    images
        Key images (K, 3, H, W) RGB in [0, 1], K >= 2, on the metric's device.
    frames
        Frames per pair on average, both ends counted; at least 3.
    options
        How; the defaults of `GeodesicOptions` if not given.
    loop
        Go on from the last image to the first.
    metric, init, mask
        As of `geodesic`.
    runs
        Per pair the state of an earlier run to go on from, or None; may be shorter.
    callbacks
        Returns those of the pair with the index it is given.
    progress
        A label per pair for a progress bar on standard error; no bars if not given.
    **overrides
        Fields of `GeodesicOptions` that replace those of ``options``.

    Raises
    ------
    InputError
        Unusable images or options, or a run is of another problem.
    """
    check_inputs(images, channels=channels_for(metric, images))
    if len(images) < 2:
        raise InputError(f"found {len(images)} images, expected two or more")
    options = choose_options(options or GeodesicOptions(), overrides)
    released = options.schedule == "released"
    check_frames(frames, image_size(images), images.device, released=released)
    if isinstance(metric, str):
        metric = create_metric(metric, device=images.device)
    metric = suited(metric, images).tiled(options.tile)
    keys = torch.cat([images, images[:1]]) if loop else images
    total = (frames - 1) * (len(keys) - 1)
    counts = share_out(chords(metric, keys, options.seed), total)
    segments: list[Geodesic] = []
    for index, ((start, end), count) in enumerate(zip(pairwise(keys), counts, strict=True)):
        found = geodesic(
            start,
            end,
            count + 1,
            options,
            metric=metric,
            init=init,
            mask=mask,
            run=runs[index] if index < len(runs) else None,
            callbacks=callbacks(index),
            progress=None if progress is None else progress[index],
        )
        segments.append(found)
        if found.solution.interrupted:
            break
    path = join([each.frames for each in segments])
    closed = loop and len(segments) == len(counts)
    return Morph(path[:-1] if closed else path, tuple(segments), tuple(counts), closed)


def chords(metric: Metric, keys: Tensor, seed: int) -> list[float]:
    """Return the perceptual distances sqrt(D) of neighbours among keys (K, 3, H, W)."""
    count = _CHORD_DRAWS if metric.stochastic else 1
    draws = list(metric.draws(image_size(keys), count, stream(seed, "held_out")))
    return step_sizes(metric, keys, draws).tolist()


def share_out(lengths: Sequence[float], total: int) -> list[int]:
    """Divide ``total`` transitions among pairs in proportion to their lengths.

    Each pair gets two; one by one the others go where steps would be largest.
    """
    if sum(lengths) <= 0:
        return [total // len(lengths)] * len(lengths)
    counts = [_LEAST_TRANSITIONS] * len(lengths)
    for _ in range(total - sum(counts)):
        widest = max(range(len(counts)), key=lambda index: lengths[index] / counts[index])
        counts[widest] += 1
    return counts


def join(segments: Sequence[Tensor]) -> Tensor:
    """Join paths that share their ends, each shared image once."""
    return torch.cat([segments[0], *(segment[1:] for segment in segments[1:])])
