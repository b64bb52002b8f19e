from __future__ import annotations

import io
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from elpips.media.decode import decode
from elpips.metrics.errors import InputError
from image_files import (
    DEEP,
    GREY,
    RGB,
    RNG,
    SHAPE,
    chunk,
    deep_png,
    error_of,
    foreign_profile,
    on_white,
    pillow,
    pixels_of,
    tiff,
)


@pytest.mark.parametrize("form", ["PNG", "TIFF", "BMP", "PPM"])
def test_rgb_is_read_exactly(form: str) -> None:
    image = pixels_of(pillow(Image.fromarray(RGB), form))
    np.testing.assert_array_equal(np.rint(image * 255), RGB)
    np.testing.assert_array_equal(image, RGB / np.float32(255))


@pytest.mark.parametrize("form", ["JPEG", "WEBP"])
def test_lossy_formats_are_read(form: str) -> None:
    flat = np.full((*SHAPE, 3), (200, 100, 50), dtype=np.uint8)
    image = pixels_of(pillow(Image.fromarray(flat), form, quality=95))
    np.testing.assert_allclose(image * 255, flat, atol=6)


def test_grey_has_three_equal_channels() -> None:
    image = pixels_of(pillow(Image.fromarray(GREY)))
    np.testing.assert_array_equal(np.rint(image * 255), np.repeat(GREY[..., None], 3, axis=2))


def test_bilevel_is_black_and_white() -> None:
    bits = GREY > 127
    image = pixels_of(pillow(Image.fromarray(bits)))
    np.testing.assert_array_equal(image[..., 1], bits)


def test_palette() -> None:
    image = Image.fromarray(RGB).quantize(7)
    expected = np.asarray(image.convert("RGB"))
    np.testing.assert_array_equal(np.rint(pixels_of(pillow(image)) * 255), expected)


def test_palette_with_a_transparent_colour_is_composited_on_white() -> None:
    image = Image.new("P", (17, 11))
    image.putpalette([10, 20, 30, 40, 50, 60])
    image.putpixel((3, 2), 1)
    pixels = pixels_of(pillow(image, transparency=1), "composited on white")
    np.testing.assert_array_equal(pixels[2, 3], 1)
    np.testing.assert_allclose(pixels[0, 0] * 255, (10, 20, 30), rtol=1e-6)


def test_cmyk_without_profile_is_read_with_a_notice() -> None:
    image = Image.new("CMYK", (17, 11), (0, 255, 255, 0))
    pixels = pixels_of(pillow(image, "TIFF"), "CMYK")
    np.testing.assert_array_equal(pixels, np.broadcast_to((1, 0, 0), (11, 17, 3)))


def test_alpha_is_composited_on_white() -> None:
    alpha = RNG.integers(0, 256, SHAPE, dtype=np.uint8)
    data = pillow(Image.fromarray(np.dstack([RGB, alpha])))
    image = pixels_of(data, "composited on white")
    np.testing.assert_allclose(image, on_white(RGB / 255, alpha / 255), atol=1e-6)


def test_opaque_alpha_is_dropped_in_silence() -> None:
    alpha = np.full(SHAPE, 255, dtype=np.uint8)
    image = pixels_of(pillow(Image.fromarray(np.dstack([RGB, alpha]))))
    np.testing.assert_array_equal(image, RGB / np.float32(255))


def test_grey_with_alpha() -> None:
    alpha = RNG.integers(0, 256, SHAPE, dtype=np.uint8)
    image = pixels_of(pillow(Image.fromarray(np.dstack([GREY, alpha]))), "composited on white")
    np.testing.assert_allclose(image[..., 0], on_white(GREY[..., None] / 255, alpha / 255)[..., 0])


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


@pytest.mark.parametrize("form", ["GIF", "TIFF", "WEBP", "PNG"])
def test_of_several_frames_the_first_is_read(form: str) -> None:
    frames = [Image.new("RGB", (17, 11), colour) for colour in ("red", "blue", "lime")]
    lossless = {"lossless": True} if form == "WEBP" else {}
    data = pillow(frames[0], form, save_all=True, append_images=frames[1:], **lossless)
    image = pixels_of(data, "3 frames or pages; only the first")
    np.testing.assert_array_equal(image, np.broadcast_to((1, 0, 0), image.shape))


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
    assert notice.endswith("to sRGB at 8 bits per channel" if "16" in form else "to sRGB")
    np.testing.assert_allclose(image * 255, RGB[..., ::-1], atol=2)


def test_an_srgb_profile_changes_nothing() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = pixels_of(pillow(Image.fromarray(RGB), icc_profile=profile))
    np.testing.assert_array_equal(image, RGB / np.float32(255))


@pytest.mark.parametrize("profile", [b"nonsense", foreign_profile()])
def test_a_profile_that_does_not_fit_is_ignored_with_a_notice(profile: bytes) -> None:
    data = pillow(Image.fromarray(GREY), icc_profile=profile)
    image = pixels_of(data, "profile cannot be used")
    np.testing.assert_array_equal(image[..., 0], GREY / np.float32(255))


def test_a_cmyk_jpeg_with_an_unusable_profile_is_read() -> None:
    data = pillow(Image.new("CMYK", (17, 11)), "JPEG", icc_profile=b"nonsense")
    np.testing.assert_allclose(pixels_of(data, "CMYK"), 1, atol=0.02)


def test_an_empty_file_is_refused() -> None:
    assert "empty" in error_of(b"")


@pytest.mark.parametrize("data", [b"hello", b"%!PS-Adobe-3.0 EPSF-3.0\n", b"%PDF-1.4\n"])
def test_what_is_no_image_is_refused(data: bytes) -> None:
    assert "not an image that can be read; expected PNG" in error_of(data)


@pytest.mark.parametrize(
    "data",
    [
        pillow(Image.fromarray(RGB), "PNG"),
        pillow(Image.fromarray(RGB), "JPEG"),
        pillow(Image.fromarray(RGB), "TIFF"),
        pillow(Image.fromarray(RGB), "WEBP"),
        pillow(Image.fromarray(RGB), "GIF"),
        deep_png(DEEP),
        tiff(DEEP[..., :3], photometric="rgb"),
        tiff(DEEP[..., :3], photometric="rgb", compression="zlib"),
    ],
    ids=["png", "jpeg", "tiff", "webp", "gif", "png16", "tiff16", "tiff16-deflate"],
)
def test_a_truncated_file_is_read_whole_or_refused(data: bytes) -> None:
    whole, _ = decode(data)
    error_of(data[: len(data) // 2])
    for length in range(1, len(data), 13):
        try:
            image, _ = decode(data[:length])
        except InputError as error:
            assert "\n" not in str(error)
        else:
            # Nothing but the end marker was missing.
            np.testing.assert_array_equal(image, whole)


@pytest.mark.parametrize("excess", [1, 2])
@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_a_decompression_bomb_is_refused(
    monkeypatch: pytest.MonkeyPatch, form: str, excess: int
) -> None:
    data = pillow(Image.fromarray(RGB), form)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 11 * 17 // excess - 1)
    assert "too large; expected at most" in error_of(data)
