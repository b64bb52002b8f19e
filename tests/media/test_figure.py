"""Figures without a screen: their size, their ink, written whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from elpips.media import read_image, save_figure, save_plot
from elpips.media.figure import caption
from elpips.metrics import InputError


def test_a_figure_has_the_size_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    save_figure(path, lambda figure: figure.add_subplot().plot([0, 1]), size=(3, 2), dpi=100)
    image = read_image(path)
    assert image.shape == (3, 200, 300) and image.max() == 1 and image.min() < 0.2


def test_a_plot_is_one_pair_of_axes(tmp_path: Path) -> None:
    drawn = []
    save_plot(tmp_path / "a.png", lambda axes: drawn.append(axes.plot([0, 1])))
    assert len(drawn) == 1 and read_image(tmp_path / "a.png").std() > 0.05


def test_what_cannot_be_drawn_or_written_leaves_nothing(tmp_path: Path) -> None:
    def fail(figure: object) -> None:
        raise RuntimeError("no drawing")

    with pytest.raises(RuntimeError, match="no drawing"):
        save_figure(tmp_path / "a.png", fail)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(InputError, match=r"a\.png: cannot be written"):
        save_figure(tmp_path / "none" / "a.png", lambda figure: None)


def test_captions_are_printable_and_short() -> None:
    assert caption("x$_$y") == "x$_$y"
    assert caption("a\tb\udce9") == "a\ufffdb\ufffd"
    assert caption("barycenter\n0.0349, detail 0.97") == "barycenter\n0.0349, detail 0.97"
    assert caption("a" * 50 + "b" * 50) == "a" * 30 + "…" + "b" * 29
