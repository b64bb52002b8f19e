"""Plots of runs: figures that notebooks show, and PNG files."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal

from ..metrics.files import atomic_write

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


_LONGEST = 60
_FONTS = (
    *("Noto Sans CJK JP", "Noto Sans CJK SC", "Source Han Sans", "Hiragino Sans", "Yu Gothic"),
    *("Microsoft YaHei", "PingFang SC", "WenQuanYi Zen Hei", "IPAGothic", "Droid Sans Fallback"),
    *("Arial Unicode MS", "Noto Sans", "Noto Sans Arabic", "Noto Sans Devanagari", "Unifont"),
)

LITERAL: dict[str, Any] = {"parse_math": False, "usetex": False}
"""Properties of a text that is shown as it is: a name may hold dollar signs."""


def caption(text: str) -> str:
    """Return lines as they can be shown: printable, and none longer than there is room for."""
    return "\n".join(map(_line, text.split("\n")))


def _line(text: str) -> str:
    plain = "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
    if len(plain) <= _LONGEST:
        return plain
    return f"{plain[: _LONGEST // 2]}…{plain[-_LONGEST // 2 + 1 :]}"


def save_plot(path: str | os.PathLike[str], draw: Callable[[Axes], None]) -> None:
    """Let ``draw`` fill one pair of axes and save them as a PNG."""
    save_figure(path, lambda figure: draw(figure.add_subplot()))


def save_figure(
    path: str | os.PathLike[str],
    draw: Callable[[Figure], None],
    *,
    size: tuple[float, float] = (6, 4),
    dpi: int = 120,
    layout: Literal["constrained"] | None = "constrained",
) -> None:
    """Let ``draw`` fill a figure of ``size`` in inches and save it as a PNG."""
    write_figure(path, make_figure(draw, size=size, dpi=dpi, layout=layout))


def write_figure(path: str | os.PathLike[str], figure: Figure) -> None:
    """Save a figure of `make_figure` as a PNG, whole or not at all."""
    with atomic_write(path) as temporary:
        _write_png(temporary, figure)


def make_figure(
    draw: Callable[[Figure], None],
    *,
    size: tuple[float, float] = (6, 4),
    dpi: int = 120,
    layout: Literal["constrained"] | None = "constrained",
) -> Figure:
    """Let ``draw`` fill a figure of ``size`` in inches, and return it: notebooks show it."""
    # Imported here: it takes half a second, and the agg backend needs no screen.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.text import Text

    figure = Figure(figsize=size, dpi=dpi, layout=layout)
    FigureCanvasAgg(figure)
    draw(figure)
    for text in figure.findobj(Text):
        text.set_fontfamily([*text.get_fontfamily(), *_more_fonts()])

    def png() -> bytes:
        data = io.BytesIO()
        _write_png(data, figure)
        return data.getvalue()

    # What notebooks look for; of itself a figure is shown only where pyplot made it.
    figure._repr_png_ = png  # type: ignore[attr-defined]
    return figure


def _write_png(target: IO[bytes] | Path, figure: Figure) -> None:
    with warnings.catch_warnings():
        # A letter that no font here has is drawn as a box.
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from|Matplotlib currently")
        figure.savefig(target, format="png")


@cache
def _more_fonts() -> tuple[str, ...]:
    """Return the fonts of this machine that have the letters of many languages."""
    from matplotlib.font_manager import fontManager

    known = {font.name for font in fontManager.ttflist}
    return tuple(name for name in _FONTS if name in known)
