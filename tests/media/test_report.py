"""The page of a report: one file, in which all that it is given is data."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from elpips.media.report import picture_url, report_page, save_report
from elpips.media.write import to_uint8
from elpips.metrics import InputError

NASTY = "</script><script>alert(1)</script><!-- \u2028 & \" ' $title"


def content(page: str) -> object:
    found = re.search(r'<script type="application/json" id="content">(.*?)</script>', page, re.S)
    assert found
    return json.loads(found[1])


def test_names_end_no_script_and_come_back_as_they_were() -> None:
    given = {"title": NASTY, "made": "", "runs": [{"name": NASTY}]}
    page = report_page(given)
    assert content(page) == given
    # The two scripts of the page, and no more.
    assert len(re.findall("<script", page)) == len(re.findall("</script", page)) == 2
    title = re.search("<title>(.*?)</title>", page, re.S)
    assert title and "<" not in title[1] and "&lt;/script&gt;" in title[1]


def test_nothing_can_be_loaded_and_no_other_script_be_run() -> None:
    page = report_page({"title": "a", "made": "", "runs": []})
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy and policy[1].startswith("default-src 'none'; img-src data:;")
    for element in ("style", "script"):
        (text,) = re.findall(f"<{element}>(.*?)</{element}>", page, re.S)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{element}-src 'sha256-{digest}'" in policy[1]
    assert not re.findall(r"""(?:src|href)=["']?[^"'>]""", page)
    # The one address in it names the language of a plot.
    assert re.findall(r"https?://[^\s\"']*", page) == ["http://www.w3.org/2000/svg"]


def test_pictures_are_kept_to_the_bit() -> None:
    image = torch.rand(3, 19, 23, generator=torch.Generator().manual_seed(0))
    head, _, text = picture_url(image).partition(",")
    assert head == "data:image/webp;base64"
    with Image.open(io.BytesIO(base64.b64decode(text))) as found:
        assert np.array_equal(np.asarray(found.convert("RGB")), to_uint8(image))


def test_a_page_is_written_or_the_reason_said(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    # A file name that is no text is not lost, and loses nothing else.
    save_report(path, {"title": "\udcff.png", "made": "", "runs": []})
    assert path.read_text("utf-8").startswith("<!DOCTYPE html>")
    with pytest.raises(InputError, match="cannot be written"):
        save_report(tmp_path / "nowhere" / "page.html", {"title": "", "made": "", "runs": []})
