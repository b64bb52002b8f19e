from __future__ import annotations

import struct

import numpy as np
import pytest
from PIL import Image

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


def test_opaque_alpha_is_dropped_in_silence() -> None:
    alpha = np.full(SHAPE, 255, dtype=np.uint8)
    image = pixels_of(pillow(Image.fromarray(np.dstack([RGB, alpha]))))
    np.testing.assert_array_equal(image, RGB / np.float32(255))


def test_grey_with_alpha() -> None:
    alpha = RNG.integers(0, 256, SHAPE, dtype=np.uint8)
    image = pixels_of(pillow(Image.fromarray(np.dstack([GREY, alpha]))), "composited on white")
    np.testing.assert_allclose(image[..., 0], on_white(GREY[..., None] / 255, alpha / 255)[..., 0])


@pytest.mark.parametrize("form", ["GIF", "TIFF", "WEBP", "PNG"])
def test_of_several_frames_the_first_is_read(form: str) -> None:
    frames = [Image.new("RGB", (17, 11), colour) for colour in ("red", "blue", "lime")]
    lossless = {"lossless": True} if form == "WEBP" else {}
    data = pillow(frames[0], form, save_all=True, append_images=frames[1:], **lossless)
    image = pixels_of(data, "3 frames or pages; only the first")
    np.testing.assert_array_equal(image, np.broadcast_to((1, 0, 0), image.shape))


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_16_bit_png_keeps_its_precision(channels: int) -> None:
    samples = DEEP[..., :channels]
    notices = ["composited on white"] if channels in (2, 4) else []
    image = pixels_of(deep_png(samples), *notices)
    expected = samples / np.float64(65535)
    if channels in (2, 4):
        expected = on_white(expected[..., :-1], expected[..., -1])
    np.testing.assert_allclose(image, np.broadcast_to(expected, (*SHAPE, 3)), atol=1e-6)


@pytest.mark.parametrize("channels", [1, 3])
def test_16_bit_png_with_a_transparent_colour(channels: int) -> None:
    key = DEEP[4, 5, :channels]
    data = deep_png(
        DEEP[..., :channels], chunk(b"tRNS", b"".join(struct.pack(">H", k) for k in key))
    )
    image = pixels_of(data, "composited on white")
    np.testing.assert_array_equal(image[4, 5], 1)
    np.testing.assert_allclose(image[0, 0, :channels], DEEP[0, 0, :channels] / 65535, atol=1e-6)


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
