"""Pictures kept pixel by pixel in a figure, each below its label."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from .alpha import on_checkers
from .figure import LITERAL, caption, save_figure
from .write import frame_pixels, to_uint8

if TYPE_CHECKING:
    from matplotlib.figure import Figure

GAP = 8
"""White pixels on the left and the right of a panel."""

# A power of two, so that pixels / dpi * dpi are the same pixels again.
_DPI = 128


@dataclass(frozen=True)
class Panel:
    """A picture (3, H, W), the label above it, and where its labelled block begins."""

    image: Tensor
    label: str
    top: int
    left: int


def save_panels(path: str | os.PathLike[str], panels: Sequence[Panel], text: int) -> None:
    """Save pictures pixel by pixel on white, each below a label ``text`` pixels high."""
    above = 2 * text
    height = max(panel.top + above + panel.image.shape[1] for panel in panels) + GAP
    width = max(panel.left + panel.image.shape[2] for panel in panels) + 2 * GAP
    canvas = torch.ones(3, height, width)
    for panel in panels:
        top, left = panel.top + above, panel.left + GAP
        canvas[:, top : top + panel.image.shape[1], left : left + panel.image.shape[2]] = (
            panel.image
        )

    def draw(figure: Figure) -> None:
        figure.figimage(to_uint8(canvas), origin="upper")
        for panel in panels:
            x, y = panel.left + GAP, panel.top + 1.5 * text
            label = caption(panel.label)
            figure.text(x / width, 1 - y / height, label, fontsize=text * 72 / _DPI, **LITERAL)

    save_figure(path, draw, size=(width / _DPI, height / _DPI), dpi=_DPI, layout=None)


def enlarged(frames: Tensor, width: int, current: int) -> Tensor:
    """Repeat pixels by the whole factor that takes ``current`` to at least ``width``."""
    factor = max(1, -(-width // current))
    return frames.repeat_interleave(factor, -2).repeat_interleave(factor, -1)


def text_size(width: int) -> int:
    """Pixels of height of a label that suits a picture of this width."""
    return max(13, width // 32)


def checked(frames: Tensor) -> Tensor:
    """Check frames (N, 3, H, W) as `frame_pixels` does, and return them on the CPU in float32.

    Those with transparency are shown over checkers.
    """
    frame_pixels(frames)
    return on_checkers(frames.detach().to("cpu", torch.float32))
