from __future__ import annotations

import io
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from elpips.media import Alpha
from elpips.media.decode import decode
from image_files import (
    GREY,
    RGB,
    RNG,
    SHAPE,
    chunk,
    deep_png,
    foreign_profile,
    grey_profile,
    linear_profile,
    on_white,
    pillow,
    pixels_of,
    tiff,
    to_linear,
)


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
    alpha: Alpha, least: int, composited: bool
) -> None:
    pixels = np.full((17, 11, 4), 100, np.uint8)
    pixels[..., 3] = 255
    pixels[3, 5, 3] = least
    image, notices = decode(pillow(Image.fromarray(pixels)), alpha)
    expected = 100 * least / 255 + 255 - least if composited else 100
    assert float(image[3, 5, 0]) * 255 == pytest.approx(expected, abs=0.01)
    # What was asked for is no news.
    told = [word for word in ("composited", "ignored") if f"was {word}" in " ".join(notices)]
    assert told == ([] if alpha != "auto" else ["composited" if composited else "ignored"])


def test_cmyk_without_profile_is_read_with_a_notice() -> None:
    image = Image.new("CMYK", (17, 11), (0, 255, 255, 0))
    pixels = pixels_of(pillow(image, "TIFF"), "CMYK")
    np.testing.assert_array_equal(pixels, np.broadcast_to((1, 0, 0), (11, 17, 3)))


def test_alpha_is_composited_on_white() -> None:
    alpha = RNG.integers(0, 256, SHAPE, dtype=np.uint8)
    data = pillow(Image.fromarray(np.dstack([RGB, alpha])))
    image = pixels_of(data, "composited on white")
    np.testing.assert_allclose(image, on_white(RGB / 255, alpha / 255), atol=1e-6)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "PNG16", "TIFF16"])
def test_exif_orientation_is_applied(form: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    source = Image.fromarray(RGB)
    if form == "PNG16":
        data = deep_png(RGB.astype(np.uint16) * 257, chunk(b"eXIf", exif.tobytes()[6:]))
    elif form == "TIFF16":
        tag = (0x0112, "H", 1, orientation, True)
        data = tiff(RGB.astype(np.uint16) * 257, photometric="rgb", extratags=[tag])
    else:
        data = pillow(source, form, exif=exif)
    if form == "JPEG":
        source = Image.open(io.BytesIO(pillow(source, form)))
    source.getexif()[0x0112] = orientation
    expected = np.asarray(ImageOps.exif_transpose(source))
    np.testing.assert_array_equal(np.rint(pixels_of(data) * 255), expected)


@pytest.mark.parametrize("form", ["PNG", "TIFF", "PNG16", "TIFF16"])
def test_other_colour_profiles_are_converted_to_srgb(form: str) -> None:
    profile = foreign_profile()
    deep = RGB.astype(np.uint16) * 257
    if form == "PNG16":
        data = deep_png(deep, chunk(b"iCCP", b"p\0\0" + zlib.compress(profile)))
    elif form == "TIFF16":
        tag = (34675, "B", len(profile), profile, True)
        data = tiff(deep, photometric="rgb", extratags=[tag])
    else:
        data = pillow(Image.fromarray(RGB), form, icc_profile=profile)
    image, (notice,) = decode(data)
    assert "Test" in notice
    assert notice.endswith("to sRGB")
    np.testing.assert_allclose(image * 255, RGB[..., ::-1], atol=0.25)


def test_an_srgb_profile_changes_nothing() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = pixels_of(pillow(Image.fromarray(RGB), icc_profile=profile))
    np.testing.assert_array_equal(image, RGB / np.float32(255))


@pytest.mark.parametrize("profile", [b"nonsense", foreign_profile()[:300], grey_profile()])
def test_a_profile_that_does_not_fit_is_ignored_with_a_notice(profile: bytes) -> None:
    data = pillow(Image.fromarray(RGB), icc_profile=profile)
    image = pixels_of(data, "profile cannot be used")
    np.testing.assert_array_equal(image, RGB / np.float32(255))


def test_grey_is_the_same_in_every_space_of_the_same_tones() -> None:
    image = pixels_of(pillow(Image.fromarray(GREY), icc_profile=foreign_profile()))
    np.testing.assert_array_equal(image[..., 0], GREY / np.float32(255))


@pytest.mark.parametrize("name", ["Linear Rec709", "GIMP built-in Linear sRGB"])
@pytest.mark.parametrize("deep", [False, True])
def test_a_profile_is_judged_by_its_curves_and_not_by_its_name(name: str, deep: bool) -> None:
    profile = linear_profile(name)
    if deep:
        linear = np.rint(to_linear(RGB / 255) * 65535).astype(np.uint16)
        data = deep_png(linear, chunk(b"iCCP", b"p\0\0" + zlib.compress(profile)))
    else:
        linear = np.rint(to_linear(RGB / 255) * 255).astype(np.uint8)
        data = pillow(Image.fromarray(linear), icc_profile=profile)
    image = pixels_of(data, f"converted from the colour profile '{name}' to sRGB")
    # Eight bits of linear light are coarse in the dark.
    np.testing.assert_allclose(image * 255, RGB, atol=0.6 if deep else 13)


def test_a_grey_profile_is_honoured() -> None:
    data = pillow(Image.fromarray(GREY), icc_profile=grey_profile())
    image = pixels_of(data, "converted from the colour profile")
    expected = GREY / 255
    expected = np.where(
        expected <= 0.0031308, 12.92 * expected, 1.055 * expected ** (1 / 2.4) - 0.055
    )
    np.testing.assert_allclose(image[..., 1], expected, atol=1e-4)


def test_a_cmyk_jpeg_with_an_unusable_profile_is_read() -> None:
    data = pillow(Image.new("CMYK", (17, 11)), "JPEG", icc_profile=b"nonsense")
    np.testing.assert_allclose(pixels_of(data, "CMYK"), 1, atol=0.02)
