"""How much memory a run takes, known before it begins, and what is done where that does not fit."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor

from ..metrics import InputError, Metric
from ..metrics.activations import Activations, checkpointed
from ..metrics.allocator import give_back_freed_memory
from ..metrics.memory import check_memory, free_memory, in_words, taken_memory
from .ranks import active

logger = logging.getLogger("elpips")

Checkpointing = Literal["auto", "on", "off"]
"""Whether activations are computed again in the backward pass; auto: where they do not fit."""

# Below this many pixels nobody's memory is short, and nothing is measured.
_SMALL = 200**2
_WORTH_A_LINE = 1e9
# Widest tensors that an image has at a time beside what is kept, judged and with its gradient:
# convolutions take copies of their own. Fitted, as what follows (`docs/scale.md`).
_FORWARDS, _BACKWARDS = 4, 8
# Images per frame that are in memory at once while a path is computed, at least: moments of the
# solver in five bands each, and the like; of the released schedule, which has no bands.
_IMAGES_PER_FRAME, _IMAGES_AS_RELEASED = 26, 8
_said: set[tuple[str, bool]] = set()


@dataclass(frozen=True)
class Footprint:
    """What a run takes of memory, in bytes.

    Attributes
    ----------
    estimated
        Of the process at its largest, what it had taken before included.
    checkpointing
        Whether activations are computed again in the backward pass.
    """

    estimated: float
    checkpointing: bool


@dataclass(frozen=True)
class Need:
    """What memory is needed for.

    Attributes
    ----------
    what
        In words, for messages.
    state
        Bytes that the solver has, whatever the metric.
    network
        Returns the bytes that embeddings and gradients take under a metric.
    advice
        How to do with less, in words.
    """

    what: str
    state: float
    network: Callable[[Metric], float]
    advice: str


def path_need(
    frames: int,
    size: tuple[int, int],
    network: Callable[[Metric], float] = lambda metric: 0.0,
    *,
    released: bool,
) -> Need:
    """Return what memory a path of so many frames (3, H, W) needs; ``size`` is (H, W).

    ``released`` tells whether the released solver computes it.
    """
    images = _IMAGES_AS_RELEASED if released else _IMAGES_PER_FRAME
    return Need(
        f"a path of {frames} frames of {size[1]} x {size[0]} px",
        12.0 * images * (frames - 2) * size[0] * size[1],
        network,
        "fewer --frames or a smaller --size need less",
    )


def path_network(metric: Metric, ends: Tensor, frames: int, chunk: int) -> float:
    """Return the bytes that the energy of ``frames`` inner frames, and its gradient, take.

    ``ends`` are (2, 3, H, W); two chunks of frames are there at a time.
    """
    one = Activations.of(metric, (ends.shape[-2], ends.shape[-1]), ends)
    own = min(chunk, frames)
    following = min(chunk, max(0, frames - chunk))
    # Both ends; of frames one at a time that before, and beside whole tapes as much as two more.
    around = 2
    if chunk == 1 and following:
        around = 1 if metric.sparing else 3
    step = (own + following) * one.tape + around * one.embedding + own * _BACKWARDS * one.widest
    return max(step, 5 * one.embedding + _FORWARDS * one.widest)


def barycenter_network(metric: Metric, images: Tensor, draws: int) -> float:
    """Return the bytes that a barycenter's objective, and its gradient, take.

    ``images`` are the inputs (K, 3, H, W) of a step.
    """
    one = Activations.of(metric, (images.shape[-2], images.shape[-1]), images)
    count = len(images)
    if metric.sparing:
        return 2 * one.embedding + one.tape + 2 * one.widest
    step = draws * (one.tape + count * one.embedding) + (count + _BACKWARDS) * one.widest
    return max(step, (count + 2) * (one.embedding + _FORWARDS * one.widest))


def fitted(
    need: Need,
    metric: Metric,
    working_metric: Metric,
    option: Checkpointing,
    size: tuple[int, int],
    device: torch.device,
) -> tuple[Metric, Metric, Footprint | None]:
    """Return the metrics as the memory has room for them, and what is taken of it.

    What is worth a line, and that activations are computed again, is one of the logger "elpips".
    Of small images nothing is known but that they fit.

    Parameters
    ----------
    metric, working_metric
        What judges, and what gradients are of.
    option
        What is asked for.
    size
        (H, W) of the images.

    Raises
    ------
    InputError
        There is no such option, or the memory does not suffice.
    """
    if option not in get_args(Checkpointing):
        raise InputError(f"activation checkpointing: found {option!r}, expected auto, on or off")
    pairs = [(metric, working_metric), (checkpointed(metric), checkpointed(working_metric))]
    if size[0] * size[1] < _SMALL:
        return *pairs[option == "on"], None
    free, taken = free_memory(device), taken_memory(device)
    # Other ranks of this machine have the network's share, but not the solver's.
    ranks = int(os.environ.get("LOCAL_WORLD_SIZE", 1)) if active() else 1
    needs = [need.state + ranks * need.network(each) for _, each in pairs]
    lacks = option == "auto" and free is not None and needs[0] > free
    again = option == "on" or (lacks and needs[1] < needs[0])
    advice = need.advice
    if option == "off" and free is not None and needs[1] <= free < needs[0]:
        advice = f"with --activation-checkpointing on it is about {in_words(needs[1])}"
    check_memory(needs[again], need.what, advice, device)
    if again and device.type == "cpu":
        give_back_freed_memory()
    estimated = taken + needs[again]
    _say(need.what, estimated, free, again and f"{in_words(needs[0] - needs[1])} less")
    return *pairs[again], Footprint(estimated, again)


def _say(what: str, estimated: float, free: int | None, less: str | bool) -> None:
    if (what, bool(less)) in _said or (estimated < _WORTH_A_LINE and not less):
        return
    _said.add((what, bool(less)))
    of_free = "" if free is None else f" ({in_words(free)} are free)"
    again = f"; activations are computed again in the backward pass: {less}" if less else ""
    logger.warning("%s: about %s of memory%s%s", what, in_words(estimated), of_free, again)
