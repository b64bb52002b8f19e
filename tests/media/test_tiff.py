from __future__ import annotations

import struct

import numpy as np
import pytest
from PIL import Image

from image_files import DEEP, RNG, SHAPE, error_of, lzw_tiff, on_white, pillow, pixels_of, tiff


@pytest.mark.parametrize("options", [{}, {"compression": "zlib"}, {"byteorder": ">"}])
@pytest.mark.parametrize("channels", [1, 3])
def test_16_bit_tiff_keeps_its_precision(channels: int, options: dict[str, str]) -> None:
    samples = np.ascontiguousarray(DEEP[..., :channels]).squeeze()
    kind = "rgb" if channels == 3 else "minisblack"
    image = pixels_of(tiff(samples, photometric=kind, **options))
    expected = np.broadcast_to(DEEP[..., :channels] / 65535, (*SHAPE, 3))
    np.testing.assert_allclose(image, expected, atol=1e-7)


def test_planar_tiff() -> None:
    planes = np.ascontiguousarray(np.moveaxis(DEEP[..., :3], 2, 0))
    image = pixels_of(tiff(planes, photometric="rgb", planarconfig="separate"))
    np.testing.assert_allclose(image, DEEP[..., :3] / 65535, atol=1e-7)


def test_tiff_where_white_is_zero() -> None:
    image = pixels_of(tiff(DEEP[..., 0], photometric="miniswhite"))
    np.testing.assert_allclose(image[..., 0], 1 - DEEP[..., 0] / 65535, atol=1e-6)


@pytest.mark.parametrize("kind", ["unassalpha", "assocalpha"])
def test_16_bit_tiff_with_alpha(kind: str) -> None:
    alpha = DEEP[..., 3:] / 65535
    colour = DEEP[..., :3] / 65535
    stored = colour * alpha if kind == "assocalpha" else colour
    samples = np.rint(np.dstack([stored, alpha]) * 65535).astype(np.uint16)
    data = tiff(samples, photometric="rgb", extrasamples=[kind])
    image = pixels_of(data, "composited on white")
    np.testing.assert_allclose(image, on_white(colour, alpha[..., 0]), atol=1e-4)


@pytest.mark.parametrize("channels", [1, 3])
def test_float_tiff(channels: int) -> None:
    samples = RNG.random((*SHAPE, channels), dtype=np.float32).squeeze()
    kind = "rgb" if channels == 3 else "minisblack"
    image = pixels_of(tiff(samples, photometric=kind))
    expected = np.broadcast_to(samples.reshape(*SHAPE, channels), (*SHAPE, 3))
    np.testing.assert_array_equal(image, expected)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_float_tiff_must_be_finite(bad: float) -> None:
    samples = np.zeros(SHAPE, dtype=np.float32)
    samples[1, 2] = bad
    assert "NaN or infinite" in error_of(tiff(samples))


def test_float_tiff_must_be_in_range() -> None:
    message = error_of(tiff(np.float32(255) * RNG.random(SHAPE, dtype=np.float32)))
    assert "span [" in message
    assert "expected [0, 1]" in message


def test_tiff_of_other_samples_is_refused() -> None:
    assert "int32 samples; expected" in error_of(tiff(np.zeros(SHAPE, dtype=np.int32)))


def test_lzw_tiff_of_16_bit_grey_keeps_its_precision() -> None:
    data = pillow(Image.fromarray(DEEP[..., 0]), "TIFF", compression="tiff_lzw")
    image = pixels_of(data)
    np.testing.assert_allclose(image[..., 0], DEEP[..., 0] / 65535, atol=1e-6)


def test_lzw_tiff_of_16_bit_rgb_is_read_with_a_notice() -> None:
    image = pixels_of(lzw_tiff(16, 1), "read at 8 bits")
    np.testing.assert_array_equal(image, 0)


def test_lzw_tiff_of_float_rgb_is_refused() -> None:
    message = error_of(lzw_tiff(32, 3))
    assert "LZW" in message
    assert "expected no compression or deflate" in message


@pytest.mark.parametrize("tag", [273, 279])
def test_tiff_without_its_data_is_refused(tag: int) -> None:
    data = bytearray(tiff(DEEP[..., 0]))
    entry = data.index(struct.pack("<HHI", tag, 4, 1))
    data[entry + 8 : entry + 12] = bytes(4)
    assert "pixels are missing" in error_of(bytes(data))


def test_tiff_without_pixels_is_refused() -> None:
    data = bytearray(tiff(DEEP[..., 0]))
    entry = data.index(struct.pack("<HHI", 256, 4, 1))
    data[entry + 8 : entry + 12] = bytes(4)
    assert "0 x 11 pixels; expected at least 1 x 1" in error_of(bytes(data))
