"""What files state of their colours without a profile is honoured, or told."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from elpips.media.profile import encode
from elpips.media.stated import adobe_rgb, by_code
from image_files import RGB, chunk, deep_png, linear_profile, pillow, pixels_of, tiff, to_linear

COLOUR = (RGB / 255).astype(np.float32)
ADOBE = adobe_rgb("").to_srgb(COLOUR)
SRGB_CHRM = (0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
ADOBE_CHRM = (0.3127, 0.329, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06)


def png(*chunks: bytes, deep: bool = False) -> bytes:
    if deep:
        return deep_png(RGB.astype(np.uint16) * 257, *chunks)
    data = pillow(Image.fromarray(RGB))
    return data[:33] + b"".join(chunks) + data[33:]


def gamma(value: float) -> bytes:
    return chunk(b"gAMA", struct.pack(">I", round(value * 100000)))


def chromaticities(values: tuple[float, ...]) -> bytes:
    return chunk(b"cHRM", struct.pack(">8I", *(round(value * 100000) for value in values)))


@pytest.mark.parametrize("deep", [False, True])
def test_the_gamma_of_a_png_is_honoured(deep: bool) -> None:
    image = pixels_of(png(gamma(1.0), deep=deep), "(gAMA, gamma 1) to sRGB")
    np.testing.assert_allclose(image, encode(COLOUR), atol=1e-4)


@pytest.mark.parametrize(
    "chunks",
    [
        (gamma(1 / 2.2),),
        (gamma(1 / 2.2), chromaticities(SRGB_CHRM)),
        (chromaticities(SRGB_CHRM),),
        (chunk(b"sRGB", b"\0"), gamma(1.0), chromaticities(ADOBE_CHRM)),
        (chunk(b"cICP", bytes([1, 13, 0, 1])), gamma(1.0)),
    ],
)
def test_srgb_said_in_other_words_changes_nothing(chunks: tuple[bytes, ...]) -> None:
    np.testing.assert_array_equal(pixels_of(png(*chunks)), COLOUR)


def test_the_primaries_of_a_png_are_honoured() -> None:
    image = pixels_of(png(gamma(256 / 563), chromaticities(ADOBE_CHRM)), "(gAMA and cHRM")
    np.testing.assert_allclose(image, ADOBE, atol=1e-3)


def test_code_points_of_a_png_come_first() -> None:
    image = pixels_of(png(chunk(b"cICP", bytes([12, 13, 0, 1])), gamma(1.0)), "Display P3 (cICP)")
    assert np.abs(image - COLOUR).max() > 0.05
    np.testing.assert_allclose(image[..., 1].mean(), COLOUR[..., 1].mean(), atol=0.05)
    hdr = png(chunk(b"cICP", bytes([9, 16, 0, 1])))
    np.testing.assert_array_equal(pixels_of(hdr, "HDR (PQ)"), COLOUR)


def test_a_gamma_that_cannot_be_is_told() -> None:
    np.testing.assert_array_equal(pixels_of(png(gamma(0.0)), "gamma 0 cannot be used"), COLOUR)
    flat = png(gamma(1.0), chromaticities((0.3,) * 8))
    np.testing.assert_array_equal(pixels_of(flat, "damaged and was ignored"), COLOUR)


@pytest.mark.parametrize("form", ["PNG", "WEBP", "JPEG"])
@pytest.mark.parametrize("rule", [b"R03", b"", b"R98"])
def test_the_colour_space_of_exif_is_honoured(form: str, rule: bytes) -> None:
    exif = Image.Exif()
    exif[0x010E] = "Pillow writes none that is empty"
    # Whole: what is put into `get_ifd` of a new one, releases of Pillow before 11 do not write.
    exif[0x8769] = {0xA001: 0xFFFF} | ({0xA005: {1: rule.decode()}} if rule else {})
    lossless = {"lossless": True} if form == "WEBP" else {}
    flat = Image.new("RGB", (17, 11), (60, 200, 90))
    data = pillow(flat, form, exif=exif, **lossless)
    expected = {b"R03": ["Adobe RGB (EXIF) to sRGB"], b"": ["not in which space"]}.get(rule, [])
    image = pixels_of(data, *expected)
    colour = np.asarray(flat) / np.float32(255)
    wanted = adobe_rgb("").to_srgb(colour) if rule == b"R03" else colour
    np.testing.assert_allclose(image, wanted, atol=0.02 if form == "JPEG" else 1e-6)


def test_a_profile_comes_before_other_statements() -> None:
    exif = Image.Exif()
    exif[0x010E] = "Pillow writes none that is empty"
    exif.get_ifd(0x8769)[0xA001] = 0xFFFF
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = pillow(Image.fromarray(RGB), "PNG", exif=exif, icc_profile=srgb)
    np.testing.assert_array_equal(pixels_of(data), COLOUR)


@pytest.mark.parametrize("deep", [False, True])
def test_the_colorimetry_of_a_tiff_is_honoured(deep: bool) -> None:
    corners = [round(value * 10000) for value in ADOBE_CHRM]
    rationals = [number for value in corners for number in (value, 10000)]
    table = np.rint(np.linspace(0, 1, 256) ** (563 / 256) * 65535).astype(np.uint16)
    tags = [
        (318, "2I", 2, rationals[:4], True),
        (319, "2I", 6, rationals[4:], True),
        (301, "H", 256, table.tolist(), True),
    ]
    samples = RGB.astype(np.uint16) * 257 if deep else RGB
    data = tiff(samples, photometric="rgb", extratags=tags)
    image = pixels_of(data, "primaries and tones (TIFF) to sRGB")
    np.testing.assert_allclose(image, ADOBE, atol=5e-3)


def test_the_profile_in_a_bitmap_is_honoured() -> None:
    data = pillow(Image.fromarray(RGB), "BMP")
    profile = linear_profile("Linear")
    pixels = data[54:]
    head = bytearray(124)
    head[:40] = data[14:54]
    struct.pack_into("<I", head, 0, 124)
    head[56:60] = b"DEBM"
    struct.pack_into("<II", head, 112, 124 + len(pixels), len(profile))
    start = struct.pack("<2sIHHI", b"BM", 14 + 124 + len(pixels) + len(profile), 0, 0, 14 + 124)
    image = pixels_of(start + bytes(head) + pixels + profile, "'Linear' to sRGB")
    np.testing.assert_allclose(to_linear(image), COLOUR, atol=1e-3)


def test_code_points_that_are_unknown_are_srgb() -> None:
    assert by_code(2, 2, "x") == (None, "") == by_code(1, 13, "x") == by_code(77, 1, "x")
    space, _ = by_code(1, 8, "x")
    assert space is not None and space.name == "BT.709, gamma 1 (x)"
