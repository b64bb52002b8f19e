"""Videos as they come: turned, deep, transparent, damaged, or no videos."""

from __future__ import annotations

import io
import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import torch

from elpips.media import save_animation
from elpips.media.colour import finish
from elpips.media.video import open_video
from elpips.metrics.errors import InputError

GREY = np.repeat(np.linspace(0, 65535, 64).astype(np.uint16)[None, :, None], 3, axis=2)
RAMP = np.repeat(GREY, 48, axis=0)


def video(
    pictures: list[np.ndarray],
    *,
    stored: str = "rgb24",
    given: str = "rgb24",
    codec: str = "libx264rgb",
    form: str = "mp4",
    ratio: Fraction | None = None,
) -> bytes:
    """Make a video at 30000/1001 frames per second."""
    file = io.BytesIO()
    with av.open(file, "w", format=form) as container:
        options = {} if codec == "ffv1" else {"crf": "0"}
        stream = container.add_stream(codec, rate=Fraction(30000, 1001), options=options)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = stored
        if ratio:
            stream.codec_context.sample_aspect_ratio = ratio
        for picture in pictures:
            frame = av.VideoFrame.from_ndarray(picture, format=given)
            container.mux(stream.encode(frame.reformat(format=stored)))
        container.mux(stream.encode(None))
    return file.getvalue()


def noise(count: int = 3, channels: int = 3) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return list(rng.integers(0, 256, (count, 48, 64, channels), dtype=np.uint8))


def read(data: bytes) -> list[np.ndarray]:
    opened = open_video(io.BytesIO(data))
    return [finish(raster)[0] for raster in opened.rasters()]


def test_rate_count_and_times() -> None:
    pictures = noise()
    opened = open_video(io.BytesIO(video(pictures)))
    assert opened.rate == Fraction(30000, 1001) and opened.count == 3
    rasters = list(opened.rasters())
    assert [raster.time for raster in rasters] == [Fraction(1001 * i, 30000) for i in range(3)]
    assert {raster.duration for raster in rasters} == {Fraction(1001, 30000)}
    for raster, picture in zip(rasters, pictures, strict=True):
        np.testing.assert_array_equal(np.rint(finish(raster)[0] * 255), picture)


@pytest.mark.parametrize(
    ("matrix", "turn"),
    [
        ((0, 1, -1, 0), lambda x: np.rot90(x, -1)),
        ((0, -1, 1, 0), lambda x: np.rot90(x, 1)),
        ((-1, 0, 0, -1), lambda x: np.rot90(x, 2)),
        ((-1, 0, 0, 1), lambda x: x[:, ::-1]),
        ((0, 1, 1, 0), lambda x: x.swapaxes(0, 1)),
    ],
)
def test_a_display_matrix_turns_frames(matrix: tuple[int, ...], turn: object) -> None:
    pictures = noise()
    data = bytearray(video(pictures))
    at = data.index(b"tkhd") + 4 + 4 + 20 + 16
    a, b, c, d = (value << 16 for value in matrix)
    data[at : at + 20] = struct.pack(">5i", a, b, 0, c, d)
    for image, picture in zip(read(bytes(data)), pictures, strict=True):
        np.testing.assert_array_equal(np.rint(image * 255), turn(picture))


@pytest.mark.parametrize("stored", ["yuv420p10le", "yuv444p12le", "gbrp10le", "gray10le"])
def test_deep_videos_keep_their_depth(stored: str) -> None:
    codec = "libx264" if stored == "yuv420p10le" else "ffv1"
    (image,) = read(video([RAMP], stored=stored, given="rgb48le", codec=codec, form="matroska"))
    np.testing.assert_allclose(image[0], GREY[0] / 65535, atol=0.01)
    # More levels than eight bits have in so many pixels, or no two alike.
    assert len(np.unique(image[0, :, 1])) == 64
    assert image.max() == 1


def test_transparency_is_composited() -> None:
    pictures = noise(2, 4)
    data = video(pictures, stored="bgra", given="rgba", codec="ffv1", form="matroska")
    raster = next(open_video(io.BytesIO(data)).rasters())
    image, notices = finish(raster)
    picture = pictures[0] / np.float32(255)
    expected = picture[..., :3] * picture[..., 3:] + 1 - picture[..., 3:]
    np.testing.assert_allclose(image, expected, atol=1e-6)
    assert "composited on white" in notices[0]


def test_pixels_that_are_not_square_are_told() -> None:
    data = video(noise(1), ratio=Fraction(16, 15))
    raster = next(open_video(io.BytesIO(data)).rasters())
    assert finish(raster)[1] == ["its pixels are not square (16:15); kept so"]


def test_missing_frames_are_told(tmp_path: Path) -> None:
    save_animation(tmp_path / "a.mp4", torch.rand(6, 3, 48, 64), faithful=True)
    whole = (tmp_path / "a.mp4").read_bytes()
    with pytest.raises(InputError, match="its end is missing"):
        read(whole[: len(whole) * 2 // 3])


@pytest.mark.parametrize(
    "data",
    [
        b"no video",
        b"ffconcat version 1.0\nfile '/etc/hostname'\n",
        b"#EXTM3U\n#EXTINF:1,\n/etc/hostname\n",
        b"",
    ],
)
def test_what_names_other_files_is_no_video(data: bytes) -> None:
    with pytest.raises(InputError, match="not a readable video"):
        open_video(io.BytesIO(data))
