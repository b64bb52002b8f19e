from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
import tifffile
import torch
from PIL import Image

from elpips.media import read_frames, read_image, save_frames
from elpips.media.animated import srgb_profile
from elpips.media.frame_files import FrameFormat, frame_name, save_frame
from elpips.metrics.errors import InputError

FRAMES = torch.rand(3, 3, 17, 21, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("form", ["png16", "tiff"])
def test_sixteen_bits_are_kept_and_tagged(
    tmp_path: Path, form: FrameFormat, caplog: pytest.LogCaptureFixture
) -> None:
    save_frames(tmp_path, FRAMES, form)
    torch.testing.assert_close(read_frames(tmp_path), FRAMES, rtol=0, atol=0.6 / 65535)
    assert caplog.messages == []
    data = (tmp_path / frame_name(2, form)).read_bytes()
    with Image.open(tmp_path / frame_name(2, form)) as image:
        assert image.info["icc_profile"] == srgb_profile()
    assert form == "tiff" or data[24] == 16


@pytest.mark.parametrize("form", ["png", "png16", "tiff"])
def test_quantities_have_no_profile_and_grey_is_one_channel(
    tmp_path: Path, form: FrameFormat, caplog: pytest.LogCaptureFixture
) -> None:
    path, grey = tmp_path / frame_name(0, form), FRAMES[0, :1].expand(3, -1, -1)
    for image, values, channels in ((FRAMES[0], "data", 3), (grey, "grey", 1)):
        save_frame(path, image, form, values)
        with Image.open(path) as file:
            assert "icc_profile" not in file.info and len(file.getbands()) == channels
        error = 0.51 / (255 if form == "png" else 65535)
        torch.testing.assert_close(read_image(path), image, rtol=0, atol=error)
    assert caplog.messages == []


def test_other_programs_read_the_tiff(tmp_path: Path) -> None:
    save_frame(tmp_path / "a.tif", FRAMES[0], "tiff")
    samples = tifffile.imread(tmp_path / "a.tif")
    assert samples.dtype == np.uint16 and samples.shape == (17, 21, 3)


def test_exr_is_linear_light_in_floats(tmp_path: Path) -> None:
    save_frame(tmp_path / "a.exr", FRAMES[0], "exr")
    data = (tmp_path / "a.exr").read_bytes()
    assert data.startswith(b"\x76\x2f\x31\x01")
    decoder = av.CodecContext.create("exr", "r")
    (frame,) = [*decoder.decode(av.Packet(data)), *decoder.decode(None)]
    read = np.stack(
        [
            np.frombuffer(plane, np.float32).reshape(17, -1)[:, :21]
            for plane in (frame.planes[2], frame.planes[0], frame.planes[1])
        ]
    )
    colour = FRAMES[0].numpy().astype(float)
    linear = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
    np.testing.assert_allclose(read, linear, atol=1e-6)


@pytest.mark.parametrize(("form", "error"), [("png", 0.51 / 255), ("tiff", 1e-5), ("exr", 1e-6)])
def test_frames_are_read_as_they_were(tmp_path: Path, form: FrameFormat, error: float) -> None:
    path = tmp_path / frame_name(0, form)
    save_frame(path, FRAMES[0], form)
    torch.testing.assert_close(read_image(path), FRAMES[0], rtol=0, atol=error)
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(InputError, match="0000"):
        read_image(path)


@pytest.mark.parametrize("form", ["png", "png16", "tiff", "exr"])
def test_unusable_images_are_one_line(tmp_path: Path, form: FrameFormat) -> None:
    with pytest.raises(InputError, match="NaN or infinite"):
        save_frame(tmp_path / frame_name(0, form), torch.full((3, 16, 16), torch.nan), form)
    with pytest.raises(InputError, match=r"expected an image \(3, H, W\)"):
        save_frame(tmp_path / frame_name(0, form), torch.zeros(1, 16, 16), form)
    with pytest.raises(InputError, match=r"none.a\.tif: cannot be written"):
        save_frame(tmp_path / "none" / "a.tif", FRAMES[0], "tiff")
    assert list(tmp_path.iterdir()) == []
