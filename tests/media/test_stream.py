"""Frames one by one, and the same pixels and notices as from single files."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image

from elpips.media import open_frames, read_image, save_frames
from elpips.metrics.errors import InputError
from frame_pictures import noise
from image_files import RNG, foreign_profile


def clear_frames() -> list[Image.Image]:
    frames = []
    for index in range(4):
        pixels = np.zeros((24, 32, 4), np.uint8)
        pixels[6:12, 3 + 4 * index : 9 + 4 * index] = 200, 60, 30, 255
        frames.append(Image.fromarray(pixels))
    return frames


def test_a_folder_is_read_one_by_one(tmp_path: Path) -> None:
    frames = noise(3, 16, 20)
    save_frames(tmp_path, frames)
    with open_frames(tmp_path) as stream:
        assert (stream.count, stream.rate, stream.size) == (3, None, (16, 20))
        assert torch.equal(torch.stack(list(stream)), frames)
        assert list(stream) == []


@pytest.mark.parametrize("name", ["a.webp", "a.png", "a.gif"])
def test_animations_are_read_as_single_pictures_are(
    tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    frames = clear_frames()
    options = {"lossless": True, "exact": True} if name == "a.webp" else {}
    options |= {"disposal": 2} if name == "a.gif" else {}
    frames[0].save(
        tmp_path / name,
        save_all=True,
        append_images=frames[1:],
        duration=[100, 50, 70, 100],
        **options,
    )
    for index, frame in enumerate(frames):
        frame.save(tmp_path / f"{index}.png")
    single = torch.stack([read_image(tmp_path / f"{index}.png") for index in range(4)])
    caplog.clear()
    with open_frames(tmp_path / name) as stream:
        assert stream.count == 4
        read = list(stream.timed())
    assert torch.equal(torch.stack([frame.image for frame in read]), single)
    times = [Fraction(each, 1000) for each in (0, 100, 150, 220)]
    assert [frame.time for frame in read] == times
    assert read[1].duration == Fraction(1, 20)
    (message,) = caplog.messages
    assert message.startswith(f"{tmp_path / name}: transparency was composited on white")


def test_profiles_of_animations_are_honoured(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pixels = RNG.integers(0, 256, (3, 20, 24, 3), dtype=np.uint8)
    frames = [Image.fromarray(each) for each in pixels]
    frames[0].save(
        tmp_path / "a.webp",
        save_all=True,
        append_images=frames[1:],
        lossless=True,
        icc_profile=foreign_profile(),
    )
    with open_frames(tmp_path / "a.webp") as stream:
        read = torch.stack(list(stream)).permute(0, 2, 3, 1).numpy()
    np.testing.assert_allclose(read * 255, pixels[..., ::-1], atol=2)
    assert len(caplog.messages) == 1 and "'Test" in caplog.messages[0]


@pytest.mark.parametrize("depth", [np.uint8, np.uint16, np.float32])
def test_pages_keep_their_depth(tmp_path: Path, depth: type) -> None:
    pages = RNG.random((3, 20, 24)).astype(np.float32)
    top = 1 if depth is np.float32 else np.iinfo(depth).max
    stored = (pages * top).astype(depth)
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="minisblack")
    with open_frames(tmp_path / "a.tif") as stream:
        read = torch.stack(list(stream))
    np.testing.assert_allclose(read[:, 1].numpy(), stored / np.float64(top), atol=1e-7)


def test_reduced_copies_of_pages_are_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    page = RNG.integers(0, 256, (32, 32, 3), dtype=np.uint8)
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        for _ in range(2):
            writer.write(page, photometric="rgb")
            writer.write(page[::2, ::2], photometric="rgb", subfiletype=1)
    with open_frames(tmp_path / "a.tif") as stream:
        assert len(list(stream)) == 2
    assert caplog.messages == [f"{tmp_path / 'a.tif'}: left out 2 reduced copies of its pages"]


def test_frames_of_two_sizes_are_one_line(tmp_path: Path) -> None:
    page = Image.new("RGB", (20, 18))
    page.save(tmp_path / "a.tif", save_all=True, append_images=[page.resize((16, 17))])
    with pytest.raises(InputError, match=r"frame 2 has 16 x 17 pixels and .* 20 x 18; expected"):
        list(open_frames(tmp_path / "a.tif"))
    read = list(open_frames(tmp_path / "a.tif", one_size=False))
    assert [each.shape[1:] for each in read] == [(18, 20), (17, 16)]


def test_what_an_animated_png_shows_elsewhere_is_no_frame(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "lime", "blue")]
    frames[0].save(tmp_path / "a.png", save_all=True, append_images=frames[1:], default_image=True)
    read = list(open_frames(tmp_path / "a.png"))
    assert [each[:, 0, 0].tolist() for each in read] == [[0, 1, 0], [0, 0, 1]]


def test_notices_of_a_folder_are_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for index, frame in enumerate(clear_frames()):
        frame.save(tmp_path / f"{index}.png")
    with open_frames(tmp_path) as stream:
        list(stream)
    assert [message.partition(": ")[0] for message in caplog.messages] == [
        str(tmp_path / "0.png"),
        str(tmp_path),
    ]
    assert caplog.messages[1].endswith("the same of 3 more of its files")


def test_damage_is_one_line_with_the_name(tmp_path: Path) -> None:
    frames = [Image.fromarray(each) for each in RNG.integers(0, 256, (3, 20, 20, 3), np.uint8)]
    frames[0].save(tmp_path / "a.png", save_all=True, append_images=frames[1:])
    whole = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(InputError, match=r"a\.png: the image is damaged") as caught:
        list(open_frames(tmp_path / "a.png"))
    assert "\n" not in str(caught.value)


def test_a_file_is_what_it_holds_whatever_its_name(tmp_path: Path) -> None:
    Image.new("RGB", (20, 20), "red").save(tmp_path / "a.mp4", format="PNG")
    assert len(list(open_frames(tmp_path / "a.mp4"))) == 1
    (tmp_path / "b.jpg").write_bytes(b"8BPS" + bytes(30))
    with pytest.raises(
        InputError, match=r"b\.jpg: is a Photoshop document, not an image that can be read"
    ):
        open_frames(tmp_path / "b.jpg")
