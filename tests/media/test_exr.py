from __future__ import annotations

import struct
from fractions import Fraction

import av
import numpy as np
import pytest
import torch

from elpips.media import read_image
from elpips.media.decode import first_raster
from elpips.media.frame_files import save_frame
from image_files import error_of, on_white, pixels_of

HEIGHT, WIDTH = 40, 21
_Y, _X = np.mgrid[0:HEIGHT, 0:WIDTH]
LINEAR = np.stack([_X / WIDTH, _Y / HEIGHT, (_X + _Y) / (HEIGHT + WIDTH)]).astype(np.float32)
CURVED = np.where(LINEAR <= 0.0031308, LINEAR * 12.92, 1.055 * LINEAR ** (1 / 2.4) - 0.055)
CURVED = CURVED.transpose(1, 2, 0).astype(np.float32)


def exr(planes: np.ndarray, compression: str = "zip16", depth: str = "float") -> bytes:
    """Make a file of Y, RGB or RGBA (C, H, W)."""
    form = {1: "grayf32le", 3: "gbrpf32le", 4: "gbrapf32le"}[len(planes)]
    encoder = av.CodecContext.create("exr", "w")
    encoder.height, encoder.width = planes.shape[1:]
    encoder.pix_fmt, encoder.time_base = form, Fraction(1, 25)
    encoder.options = {"compression": compression, "format": depth}
    frame = av.VideoFrame(encoder.width, encoder.height, form)
    order = (1, 2, 0, 3) if len(planes) > 1 else (0,)
    for plane, channel in zip(frame.planes, order, strict=False):
        rows = np.zeros((encoder.height, plane.line_size // 4), np.float32)
        rows[:, : encoder.width] = planes[channel]
        plane.update(rows.tobytes())
    return b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])


def with_attribute(data: bytes, name: bytes, kind: bytes, content: bytes) -> bytes:
    """Put an attribute into the head of a file; places of blocks move on."""
    added = name + b"\0" + kind + b"\0" + struct.pack("<I", len(content)) + content
    at = data.index(b"screenWindowWidth\0")
    start = data.index(b"lavc\0") + 5
    count = -(-HEIGHT // 16)
    places = struct.unpack_from(f"<{count}Q", data, start)
    table = struct.pack(f"<{count}Q", *(place + len(added) for place in places))
    return data[:at] + added + data[at:start] + table + data[start + len(table) :]


@pytest.mark.parametrize("compression", ["none", "rle", "zip1", "zip16"])
@pytest.mark.parametrize(("depth", "error"), [("float", 1e-6), ("half", 2e-3)])
def test_linear_light_is_shown_on_srgbs_curve(compression: str, depth: str, error: float) -> None:
    image = pixels_of(exr(LINEAR, compression, depth))
    np.testing.assert_allclose(image, CURVED, atol=error)


def test_grey_has_three_equal_channels() -> None:
    image = pixels_of(exr(LINEAR[:1]))
    np.testing.assert_allclose(image, np.repeat(CURVED[..., :1], 3, axis=2), atol=1e-6)


def test_colours_are_divided_by_their_alpha() -> None:
    alpha = np.clip(LINEAR[:1] + 0.2, 0, 1)
    data = exr(np.concatenate([LINEAR * alpha, alpha]))
    expected = on_white(CURVED, alpha[0])
    np.testing.assert_allclose(pixels_of(data, "transparency was"), expected, atol=1e-5)


def test_light_beyond_white_is_clipped_and_said() -> None:
    image = pixels_of(exr(LINEAR * 2 - 0.1), "of its pixels lie outside")
    np.testing.assert_array_equal(image.max(), 1)
    assert not pixels_of(exr(LINEAR - 1e-5))[0].max() > 1


def test_other_primaries_are_converted() -> None:
    wide = struct.pack("<8f", 0.708, 0.292, 0.170, 0.797, 0.131, 0.046, 0.3127, 0.3290)
    srgb = struct.pack("<8f", 0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290)
    data = exr(LINEAR * 0.5)
    plain = pixels_of(data)
    for content, notice in ((srgb, ()), (wide, ("primaries",))):
        stated = with_attribute(data, b"chromaticities", b"chromaticities", content)
        same = np.allclose(pixels_of(stated, *notice), plain, atol=1e-3)
        assert same == (not notice)


def test_maps_are_taken_as_they_are_stored() -> None:
    raster = first_raster(exr(LINEAR))
    assert raster.deep
    np.testing.assert_array_equal(raster.colour, LINEAR.transpose(1, 2, 0))


def test_samples_that_are_no_light_are_refused() -> None:
    wrong = LINEAR.copy()
    wrong[0, 3, 3] = np.nan
    assert "NaN or infinite" in error_of(exr(wrong))


def test_what_is_cut_off_is_noticed() -> None:
    data = exr(LINEAR)
    for length in (5, 9, 60, 200, 400, 500, len(data) // 2, len(data) - 1):
        assert "damaged" in error_of(data[:length]), length


def test_damaged_blocks_are_noticed() -> None:
    data = bytearray(exr(LINEAR))
    data[-40] ^= 64
    assert "damaged (a block" in error_of(bytes(data))


def test_kinds_that_are_not_read_are_named() -> None:
    data = exr(LINEAR)
    parts = data[:5] + b"\x10" + data[6:]
    assert "several parts or deep pixels" in error_of(parts)
    kinds = data.index(b"B\0") + 2
    assert "channel B holds integers" in error_of(data[:kinds] + bytes(4) + data[kinds + 4 :])
    assert "expected R, G and B, or Y" in error_of(data.replace(b"B\0\x02", b"X\0\x02", 1))
    box = data.index(b"dataWindow\0") + len(b"dataWindow\0box2i\0") + 4
    large = struct.pack("<4i", 0, 0, 2**30, 2**30)
    assert "too large" in error_of(data[:box] + large + data[box + 16 :])


def test_our_own_frames_come_back(tmp_path) -> None:
    frame = torch.from_numpy(CURVED).permute(2, 0, 1)
    save_frame(tmp_path / "a.exr", frame, "exr")
    torch.testing.assert_close(read_image(tmp_path / "a.exr"), frame, rtol=0, atol=1e-6)
