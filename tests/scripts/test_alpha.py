"""Transparency: composited on white, unless it is asked or hardly there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from elpips.media.read import read_image


@pytest.mark.parametrize(
    ("alpha", "least", "composited"),
    [
        ("auto", 128, True),
        ("auto", 195, False),
        ("white", 195, True),
        ("ignore", 128, False),
    ],
)
def test_alpha_is_composited_unless_nearly_opaque(
    tmp_path: Path, alpha: str, least: int, composited: bool
) -> None:
    pixels = np.full((17, 11, 4), 100, np.uint8)
    pixels[..., 3] = 255
    pixels[3, 5, 3] = least
    Image.fromarray(pixels).save(tmp_path / "a.png")
    notices: list[str] = []
    image = read_image(tmp_path / "a.png", alpha=alpha, notices=notices.append)
    expected = 100 * least / 255 + 255 - least if composited else 100
    assert float(image[0, 3, 5]) * 255 == pytest.approx(expected, abs=0.01)
    assert len(notices) == 1 and ("composited" if composited else "ignored") in notices[0]
