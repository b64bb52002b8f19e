"""How results show themselves in notebooks: pictures inlined in HTML, and a table of numbers.

Nothing is computed for it: what has not been evaluated yet is said to be so.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from html import escape

import torch
from PIL import Image
from torch import Tensor

from ..optim import Solution
from ..rgba import over

_LARGEST = 320
"""Pixels of the long side that are inlined at most."""

_SMALLEST = 160
"""Pixels of the long side that are shown at least; smaller pictures are enlarged."""

_MOST_FRAMES = 32
_MILLISECONDS, _HOLD = 150, 500


def show(title: str, pictures: str, rows: Sequence[tuple[str, str]]) -> str:
    """Return the HTML of a result: its title, its pictures (HTML) and named numbers."""
    cells = "".join(
        f'<tr><th style="text-align:left">{escape(name)}</th>'
        f'<td style="text-align:left">{escape(value)}</td></tr>'
        for name, value in rows
    )
    return (
        f"<div><p><strong>{escape(title)}</strong></p>"
        f'<div style="display:flex;flex-wrap:wrap;gap:8px">{pictures}</div>'
        f"<table>{cells}</table></div>"
    )


def stopped(solution: Solution) -> tuple[str, str]:
    """Return the row that says why a solver stopped, and when."""
    return "stopped", f"{solution.result.value}, after {solution.state.step} steps"


def number(value: float, error: float) -> str:
    """Return a number and its standard error."""
    return f"{value:.4g} ± {error:.2g}"


def animation(frames: Tensor, label: str, *, closed: bool = False) -> str:
    """Return frames (N, 3, H, W) in [0, 1] as a small WebP that loops, in an HTML figure.

    It plays forth and back, or ``closed`` only forth. Of long paths every so many frames.
    """
    chosen = frames
    if len(frames) > _MOST_FRAMES:
        places = torch.linspace(0, len(frames) - 1, _MOST_FRAMES).round().long()
        chosen = frames[places.to(frames.device)]
    images = [_image(frame) for frame in chosen]
    way_back = [] if closed else images[-2:0:-1]
    times = [_MILLISECONDS] * len([*images, *way_back])
    if not closed:
        times[0] = times[len(images) - 1] = _HOLD
    data = io.BytesIO()
    images[0].save(
        data,
        format="WEBP",
        save_all=True,
        append_images=[*images[1:], *way_back],
        duration=times,
        loop=0,
        quality=90,
    )
    return _figure(data.getvalue(), images[0].size, label)


def still(image: Tensor, label: str) -> str:
    """Return an image (3, H, W) in [0, 1] as an HTML figure."""
    picture, data = _image(image), io.BytesIO()
    picture.save(data, format="WEBP", lossless=True)
    return _figure(data.getvalue(), picture.size, label)


def _image(image: Tensor) -> Image.Image:
    """Return an image as it is shown, with transparency over mid grey."""
    levels = over(image.detach()).cpu().float().nan_to_num().clamp(0, 1).mul(255).round()
    picture = Image.fromarray(levels.to(torch.uint8).permute(1, 2, 0).numpy())
    picture.thumbnail((_LARGEST, _LARGEST), Image.Resampling.BOX)
    return picture


def _figure(webp: bytes, size: tuple[int, int], label: str) -> str:
    factor = max(1, -(-_SMALLEST // max(size)))
    width, height = (side * factor for side in size)
    data, name = base64.b64encode(webp).decode(), escape(label)
    return (
        f'<figure style="margin:0"><img alt="{name}" width="{width}" height="{height}" '
        f'style="image-rendering:pixelated" src="data:image/webp;base64,{data}">'
        f"<figcaption>{name}</figcaption></figure>"
    )
