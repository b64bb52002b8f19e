from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from elpips.media import heif, open_frames
from elpips.media.decode import decode, first_raster
from elpips.media.folder import list_images
from elpips.media.formats import KNOWN
from elpips.metrics import InputError
from image_files import error_of, on_white, pixels_of, rgb_profile

HEAD = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"
SHAPE = (24, 36)
RNG = np.random.default_rng(1)
RGB = RNG.integers(0, 256, (*SHAPE, 3), dtype=np.uint8)
DEEP = RNG.integers(0, 1024, (*SHAPE, 4), dtype=np.uint16) << 6


def encoded(*pictures: np.ndarray, primary: int = 0, **options: object) -> bytes:
    """Make a HEIC file without loss."""
    library = pytest.importorskip("pillow_heif", reason="pillow-heif is not installed")
    file = library.HeifFile()
    for samples in pictures:
        mode = {1: "L", 3: "RGB", 4: "RGBA"}[samples.shape[2]]
        mode += ";16" if samples.dtype == np.uint16 else ""
        file.add_frombytes(mode, (samples.shape[1], samples.shape[0]), samples.tobytes())
    stream = io.BytesIO()
    options = {"quality": -1, "chroma": 444, "matrix_coefficients": 0, **options}
    file.save(stream, primary_index=primary, **options)
    return stream.getvalue()


def test_colours_are_read_exactly() -> None:
    np.testing.assert_array_equal(pixels_of(encoded(RGB)), RGB / np.float32(255))
    grey = pixels_of(encoded(RGB[..., :1]))
    np.testing.assert_array_equal(np.rint(grey * 255), np.repeat(RGB[..., :1], 3, axis=2))


def test_ten_bits_are_kept() -> None:
    raster = first_raster(encoded(DEEP[..., :3]))
    assert raster.deep
    np.testing.assert_allclose(raster.colour, (DEEP[..., :3] >> 6) / 1023, atol=1e-6)
    white = np.full((*SHAPE, 3), 65535, np.uint16)
    assert pixels_of(encoded(white)).min() == 1


def test_transparency_is_composited() -> None:
    image = pixels_of(encoded(DEEP), "transparency was composited")
    shown = (DEEP >> 6) / 1023
    np.testing.assert_allclose(image, on_white(shown[..., :3], shown[..., 3]), atol=1e-5)


def test_profiles_are_converted() -> None:
    gamma = ImageCms.ImageCmsProfile(io.BytesIO(rgb_profile("bright", b"curv" + bytes(8))))
    image = pixels_of(encoded(RGB, icc_profile=gamma.tobytes()), "profile 'bright'")
    assert image.mean() > RGB.mean() / 255 + 0.1


def test_what_is_stated_without_a_profile_counts() -> None:
    wide = encoded(RGB // 2, color_primaries=9, transfer_characteristics=13)
    assert np.abs(pixels_of(wide, "BT.2020") - RGB // 2 / 255).max() > 0.05


def test_pictures_are_turned_upright_once() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(RGB, exif=exif.tobytes())
    image = pixels_of(data)
    assert image.shape == (*SHAPE[::-1], 3)
    np.testing.assert_array_equal(np.rint(image * 255), np.rot90(RGB, -1))


def test_the_primary_picture_is_the_first(tmp_path: Path) -> None:
    (tmp_path / "burst.heic").write_bytes(encoded(RGB, 255 - RGB, primary=1))
    image, notices = decode((tmp_path / "burst.heic").read_bytes())
    np.testing.assert_array_equal(np.rint(image * 255), 255 - RGB)
    assert notices == ["has 2 frames or pages; only the first is used"]
    with open_frames(tmp_path / "burst.heic") as frames:
        assert frames.count == 2 and len(list(frames)) == 2


def test_damage_is_one_line() -> None:
    data = encoded(RGB)
    for length in (len(HEAD), 100, len(data) // 2):
        assert "\n" not in error_of(data[:length])


@pytest.mark.skipif(not heif.AVAILABLE, reason="pillow-heif is not installed")
def test_messages_name_it_where_it_is_read() -> None:
    assert "HEIC" in KNOWN


def test_without_the_library_it_is_said_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heif, "AVAILABLE", False)
    with pytest.raises(InputError, match=r"is HEIC; pip install 'elpips-geometry\[heic\]'"):
        decode(HEAD)
    (tmp_path / "1.HEIC").write_bytes(HEAD)
    with pytest.raises(InputError, match=r"1\.HEIC: is HEIC; pip install"):
        list(open_frames(tmp_path))
    assert list_images(tmp_path) == [tmp_path / "1.HEIC"]
