from __future__ import annotations

from pathlib import Path

import pytest

from elpips.media import read_image
from elpips.media.panel import GAP, Panel, save_panels
from frame_pictures import contains, noise


@pytest.mark.parametrize("side", [41, 80, 97, 99, 213])
def test_figures_have_the_very_size_of_their_pixels(tmp_path: Path, side: int) -> None:
    # At 100 dots per inch, widths like 57 and 113 are not whole again: 1.13 * 100 < 113.
    panel = Panel(noise(1, side, side)[0], "", 0, 0)
    save_panels(tmp_path / "a.png", [panel], 13)
    picture = read_image(tmp_path / "a.png")
    assert picture.shape == (3, side + 26 + GAP, side + 2 * GAP)
    assert contains(picture, panel.image) == [(26, GAP)]
