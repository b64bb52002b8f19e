"""Results in notebooks: pictures inlined, numbers beside them, nothing computed for it."""

from __future__ import annotations

import base64
import io
import re
from xml.etree import ElementTree

import pytest
import torch
from PIL import Image

from elpips.geometry import barycenter, geodesic, morph
from elpips.geometry.notebook import animation, show, still
from toy_paths import END, START

IMAGE = re.compile(r'src="data:image/webp;base64,([^"]+)"')


def pictures(html: str) -> list[Image.Image]:
    # Whole elements: what a browser shows.
    ElementTree.fromstring(re.sub(r"(<img [^>]*)>", r"\1/>", html))
    return [Image.open(io.BytesIO(base64.b64decode(data))) for data in IMAGE.findall(html)]


def test_an_animation_plays_forth_and_back_and_loops() -> None:
    frames = torch.linspace(0, 1, 4)[:, None, None, None].expand(4, 3, 8, 12)
    (picture,) = pictures(animation(frames, "path"))
    assert picture.size == (12, 8) and picture.n_frames == 6 and picture.info["loop"] == 0
    levels = []
    for index in range(6):
        picture.seek(index)
        levels.append(picture.convert("L").resize((1, 1)).getpixel((0, 0)))
    assert levels == pytest.approx([0, 85, 170, 255, 170, 85], abs=3)
    (closed,) = pictures(animation(frames, "loop", closed=True))
    assert closed.n_frames == 4


def test_long_and_large_ones_stay_small() -> None:
    frames = torch.rand(100, 3, 40, 700, generator=torch.Generator().manual_seed(0))
    (picture,) = pictures(animation(frames, "path"))
    assert picture.size == (320, 18) and picture.n_frames == 62


def test_a_still_is_exact_and_small_ones_are_enlarged() -> None:
    html = still(START, "start & <end>")
    (picture,) = pictures(html)
    pixels = torch.tensor(list(picture.convert("RGB").tobytes())).reshape(17, 21, 3)
    torch.testing.assert_close(pixels / 255, START.permute(1, 2, 0), atol=0.002, rtol=0)
    assert 'width="168"' in html and "start &amp; &lt;end&gt;" in html


def test_names_and_numbers_are_shown_as_they_are() -> None:
    html = show("a < b", still(START, "x"), [("excess", "12 % & more")])
    assert "a &lt; b" in html and "12 % &amp; more" in html


def test_a_path_shows_itself_before_and_after_it_is_evaluated() -> None:
    path = geodesic(START, END, 3, metric="l2", steps=4)
    before = path._repr_html_()
    assert "evaluation" not in path.__dict__ and "computed when you ask" in before
    assert [each.n_frames for each in pictures(before)] == [4, 4]
    assert "step limit reached, after 4 steps" in before
    judged = path.evaluation.path
    after = path._repr_html_()
    assert f"{judged.normalized_ppl:.4g}" in after and "computed when you ask" not in after


def test_a_barycenter_shows_its_inputs_beside_it() -> None:
    found = barycenter(torch.stack([START, END]), [3, 1], metric="l2", steps=4)
    before = found._repr_html_()
    assert "evaluation" not in found.__dict__ and len(pictures(before)) == 4
    assert "input 1, weight 0.75" in before and "pixel mean" in before
    bound = found.evaluation.lower_bound
    assert f"{bound:.4g}" in found._repr_html_()


def test_a_morph_shows_itself() -> None:
    found = morph(torch.stack([START, END]), 3, metric="l2", steps=4, loop=True)
    html = found._repr_html_()
    assert pictures(html)[0].n_frames == len(found.frames) and "Morph of 4 frames" in html


def test_what_is_clear_is_shown_over_grey() -> None:
    picture = torch.zeros(4, 16, 16)
    picture[:, :8] = torch.tensor([0.5, 0.0, 0.0, 1.0])[:, None, None]
    (shown,) = pictures(still(picture, "object"))
    assert shown.convert("RGB").getpixel((3, 3)) == (128, 0, 0)
    assert shown.convert("RGB").getpixel((3, 12)) == (128, 128, 128)
