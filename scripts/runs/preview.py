"""What a run looks like while it goes on: a strip of its frames, updated on disk."""

from __future__ import annotations

import logging
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from ...media import filmstrip, save_image
from ...metrics import InputError
from ...optim import Callback, RunState

logger = logging.getLogger("elpips")

PREVIEW = "preview.png"
"""The name of the strip."""

_EVERY = 5.0
# The share of a run's time that may go into it.
_SHARE = 0.01
_ACROSS = 9
_SIDE = 128


def preview(path: Path, before: Tensor, after: Tensor | None = None) -> Callback:
    """Return a callback that keeps a strip of what a run has found so far.

    It is written after the first step and then every five seconds, whole or not at all, less
    often where it would take more than a hundredth of the time. One that cannot be written is a
    warning of the logger "elpips", and the last try.

    Parameters
    ----------
    path
        The PNG file.
    before, after
        Images (N, 3, H, W) to its left and right: the ends of a path, the inputs of a barycenter.
    """
    due: float | None = -1.0

    def show(run: RunState) -> None:
        nonlocal due
        began = time.monotonic()
        if due is None or began < due:
            return
        try:
            save_image(path, _strip(before, run.candidate, after))
        except InputError as error:
            logger.warning("%s; the run goes on without it", error)
            due = None
            return
        ended = time.monotonic()
        due = ended + max(_EVERY, (ended - began) / _SHARE)

    return show


def _strip(before: Tensor, found: Tensor, after: Tensor | None) -> Tensor:
    """Put images side by side: at most nine of what was found, none of a side above 128 px."""
    count = len(found)
    most = min(count, _ACROSS)
    at = [round(index * (count - 1) / max(1, most - 1)) for index in range(most)]
    height, width = found.shape[2:]
    scale = min(1.0, _SIDE / min(height, width))
    shape = [round(height * scale), round(width * scale)]
    parts = [before, found[at], *(() if after is None else (after,))]
    # Levels of half the size have smaller frames than the ends.
    small = [F.interpolate(part, shape, mode="bicubic", antialias=True) for part in parts]
    strip = torch.cat([part.detach().cpu() for part in small]).clamp(0, 1)
    return filmstrip(strip, columns=len(strip))
