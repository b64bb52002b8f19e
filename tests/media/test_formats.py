from __future__ import annotations

import pytest
from PIL import Image

from elpips.media.formats import PICTURES, kind_of
from image_files import DEEP, RGB, pillow, tiff


@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF", "WEBP", "GIF", "BMP", "PPM", "JPEG2000"])
def test_pictures_are_told_by_their_first_bytes(form: str) -> None:
    assert kind_of(pillow(Image.fromarray(RGB), form)[:512]) == "picture"


def test_every_ending_of_pillows_formats_is_listed() -> None:
    Image.init()
    for form in ("PNG", "JPEG", "TIFF", "WEBP", "GIF", "BMP", "PPM"):
        for ending, name in Image.registered_extensions().items():
            assert name != form or ending in PICTURES or ending == ".pfm", ending
    assert kind_of(tiff(DEEP, photometric="rgb", bigtiff=True)) == "picture"


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "HEIC"),
        (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1", "picture"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avif", "picture"),
        (b"\0\0\0\x18ftypisom\0\0\x02\0isomavc1", "video"),
        (b"\x1a\x45\xdf\xa3" + bytes(30), "video"),
        (b"RIFF\0\0\0\0AVI LIST", "video"),
        (b"\xff\x0a" + bytes(30), "JPEG XL"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "PostScript"),
        (b"\x93NUMPY\x01\0", "a NumPy array"),
        (b"hello", ""),
        (b"", ""),
    ],
)
def test_what_is_known_is_named(head: bytes, kind: str) -> None:
    assert kind_of(head) == kind
