"""What a run looks like while it goes on: a strip of its frames, on disk or in a notebook."""

from __future__ import annotations

import io
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from ..metrics.errors import InputError
from .alpha import within_alpha
from .filmstrip import filmstrip
from .write import save_image, to_uint8

logger = logging.getLogger("elpips")


class Found(Protocol):
    """What a run has found so far, as its `RunState` has it."""

    @property
    def candidate(self) -> Tensor:
        """Images (N, 3, H, W)."""
        ...


PREVIEW = "preview.png"
"""The name of the strip."""

_EVERY = 5.0
# The share of a run's time that may go into it.
_SHARE = 0.01
_ACROSS = 9
_SIDE = 128


def preview(
    path: Path | None, before: Tensor, after: Tensor | None = None
) -> Callable[[Found], None]:
    """Return a callback that keeps a strip of what a run has found so far.

    It is shown after the first step and then every five seconds, less often where it would
    take more than a hundredth of the time. A file is written whole or not at all; one that
    cannot be written is a warning of the logger "elpips", and the last try.

    Parameters
    ----------
    path
        The PNG file; None shows the strip below the cell of a notebook.
    before, after
        Images (N, 3, H, W) to its left and right: the ends of a path, the inputs of a barycenter.

    Raises
    ------
    InputError
        There is no IPython to show it in.
    """
    put = _display() if path is None else lambda strip: save_image(path, strip)
    due: float | None = -1.0

    def show(run: Found) -> None:
        nonlocal due
        began = time.monotonic()
        if due is None or began < due:
            return
        try:
            put(_strip(before, run.candidate, after))
        except InputError as error:
            logger.warning("%s; the run goes on without it", error)
            due = None
            return
        ended = time.monotonic()
        due = ended + max(_EVERY, (ended - began) / _SHARE)

    return show


def _display() -> Callable[[Tensor], None]:
    """Return what shows a picture (3, H, W) below a notebook's cell, in place of the one before."""
    try:
        from IPython import display
    except ImportError as error:
        raise InputError(
            "preview: found no IPython to show it in, expected a notebook or the path of a file"
        ) from error
    handle: Any = None

    def put(strip: Tensor) -> None:
        nonlocal handle
        data = io.BytesIO()
        Image.fromarray(to_uint8(strip)).save(data, format="PNG")
        shown = display.Image(data=data.getvalue(), format="png")
        if handle is None:
            handle = display.display(shown, display_id=True)
        else:
            handle.update(shown)

    return put


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
    strip = within_alpha(torch.cat([part.detach().cpu() for part in small]))
    return filmstrip(strip, columns=len(strip))
