"""The page that shows a run: one HTML file with its pictures in it, which needs no network."""

from __future__ import annotations

import base64
import hashlib
import html
import io
import json
import os
from collections.abc import Mapping
from importlib.resources import files
from string import Template
from typing import Any

from PIL import Image
from torch import Tensor

from ..metrics.files import atomic_write
from .write import to_uint8

_SCRIPTS = ("pictures.js", "charts.js", "player.js", "line.js", "page.js", "start.js")
# What could end a script element, or begin a comment in it.
_ESCAPES = {ord(each): f"\\u{ord(each):04x}" for each in "<>&\u2028\u2029"}


def picture_url(image: Tensor) -> str:
    """Return an image (3, H, W) in [0, 1] as a data URL: 8 bits, lossless.

    Raises
    ------
    InputError
        A value is NaN or infinite.
    """
    buffer = io.BytesIO()
    Image.fromarray(to_uint8(image)).save(buffer, "WEBP", lossless=True, quality=60, method=4)
    return f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"


def report_page(content: Mapping[str, Any]) -> str:
    """Return the page for what a report holds, as HTML.

    All of ``content`` is data: the page's script puts it there as text, whatever is in it, and
    its policy lets nothing be loaded and no other script be run.

    Parameters
    ----------
    content
        As JSON knows it. ``"title"``, ``"summary"`` and ``"made"`` (who made it) are texts;
        ``"runs"`` a list of what each shows.
    """
    style, script = _read("page.css"), "".join(map(_read, _SCRIPTS))
    allowed = {
        "default-src": "'none'",
        "img-src": "data:",
        "style-src": f"'sha256-{_digest(style)}'",
        "script-src": f"'sha256-{_digest(script)}'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return Template(_read("page.html")).substitute(
        title=html.escape(str(content["title"])),
        policy="; ".join(f"{what} {where}" for what, where in allowed.items()),
        style=style,
        script=script,
        content=json.dumps(content, allow_nan=False).translate(_ESCAPES),
    )


def save_report(path: str | os.PathLike[str], content: Mapping[str, Any]) -> None:
    """Write the page of `report_page`, whole or not at all.

    Raises
    ------
    InputError
        In one line: the file cannot be written.
    """
    page = report_page(content)
    with atomic_write(path) as temporary:
        temporary.write_bytes(page.encode("utf-8", "replace"))


def _read(name: str) -> str:
    return (files(__package__) / "page" / name).read_text("utf-8")


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
