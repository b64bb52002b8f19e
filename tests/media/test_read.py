from __future__ import annotations

import errno
import logging
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from elpips.media import Crop, read_image, read_images, read_mask, to_uint8
from elpips.metrics.errors import InputError


def write(path: Path, width: int, height: int, mode: str = "RGB") -> Path:
    """Write an image of random pixels, the same for the same size."""
    rng = np.random.default_rng(width * 1000 + height)
    channels = len(mode)
    pixels = rng.integers(0, 256, (height, width, channels), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def one_line(error: pytest.ExceptionInfo[InputError]) -> str:
    message = str(error.value)
    assert "\n" not in message
    return message


def test_read_image_is_a_float_tensor_of_three_channels(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write(tmp_path / "a.png", 17, 11)
    image = read_image(path)
    assert image.shape == (3, 11, 17)
    assert image.dtype == torch.float32
    assert image.is_contiguous()
    np.testing.assert_array_equal(to_uint8(image), np.asarray(Image.open(path)))
    assert caplog.messages == []


def test_read_image_takes_a_string(tmp_path: Path) -> None:
    assert read_image(str(write(tmp_path / "a.png", 17, 11))).shape == (3, 11, 17)


def test_warnings_name_the_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = write(tmp_path / "a.png", 17, 11, "RGBA")
    read_image(path)
    assert caplog.record_tuples == [
        (
            "elpips",
            logging.WARNING,
            f"{path}: transparency was composited on white"
            " (alpha='ignore', or --alpha ignore, leaves it out)",
        )
    ]


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda path: None, "no such file; expected an image"),
        (lambda path: path.mkdir(), "is a folder; expected an image file"),
        (lambda path: path.write_bytes(b""), "the file is empty"),
        (lambda path: path.write_text("hello"), "not an image that can be read"),
    ],
    ids=["missing", "folder", "empty", "text"],
)
def test_read_image_names_the_file_it_refuses(tmp_path: Path, make: object, expected: str) -> None:
    path = tmp_path / "a.png"
    make(path)
    with pytest.raises(InputError) as error:
        read_image(path)
    assert one_line(error).startswith(f"{path}: ")
    assert expected in one_line(error)


def test_read_image_refuses_a_truncated_file(tmp_path: Path) -> None:
    path = write(tmp_path / "a.png", 170, 110)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(InputError, match=r"a\.png: the image is damaged .*truncated"):
        read_image(path)


def test_read_image_refuses_what_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.png", 17, 11)

    def refuse(name: Path, flags: int) -> int:
        raise PermissionError(errno.EACCES, "Permission denied", str(name))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(InputError, match=r"cannot be read \(Permission denied\)"):
        read_image(path)
    monkeypatch.undo()
    with pytest.raises(InputError, match=r"cannot be read \(Not a directory\)"):
        read_image(path / "below.png")


def test_read_images_of_one_size_are_a_batch(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    paths = [write(tmp_path / f"{name}.png", 17, 19) for name in "abc"]
    batch = read_images(paths)
    assert batch.shape == (3, 3, 19, 17)
    torch.testing.assert_close(batch[1], read_image(paths[1]), rtol=0, atol=0)
    assert caplog.messages == []


def test_read_images_wants_one() -> None:
    with pytest.raises(InputError, match="no images given"):
        read_images([])


@pytest.mark.parametrize("crop", [None, "none", "square"])
def test_read_images_of_different_sizes_are_refused(tmp_path: Path, crop: Crop | None) -> None:
    a, b = write(tmp_path / "a.png", 17, 19), write(tmp_path / "b.png", 20, 23)
    with pytest.raises(InputError) as error:
        read_images([a, b], crop=crop)
    sizes = ("17 x 17", "20 x 20") if crop == "square" else ("17 x 19", "20 x 23")
    message = one_line(error)
    for part in (str(a), str(b), *sizes, "size=N", "--size", "--crop"):
        assert part in message


def test_center_crops_to_the_common_size(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    a, b = write(tmp_path / "a.png", 31, 18), write(tmp_path / "b.png", 20, 27)
    batch = read_images([a, b], crop="center")
    assert batch.shape == (2, 3, 18, 20)
    torch.testing.assert_close(batch[0], read_image(a)[:, :, 5:25])
    torch.testing.assert_close(batch[1], read_image(b)[:, 4:22])
    assert caplog.messages == []


def test_square_crops_to_the_middle(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    a = write(tmp_path / "a.png", 31, 18)
    batch = read_images([a], crop="square")
    torch.testing.assert_close(batch[0], read_image(a)[:, :, 6:24])
    assert caplog.messages == []


@pytest.mark.parametrize(
    ("crop", "shape"), [(None, (16, 16)), ("square", (16, 16)), ("center", (16, 20))]
)
def test_size_is_the_short_side(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, crop: Crop | None, shape: tuple[int, int]
) -> None:
    a, b = write(tmp_path / "a.png", 40, 32), write(tmp_path / "b.png", 90, 30)
    batch = read_images([a, b], size=16, crop=crop)
    assert batch.shape == (2, 3, *shape)
    assert 0 <= batch.min() <= batch.max() <= 1
    assert caplog.messages == []


def test_size_without_crop_keeps_the_shape(tmp_path: Path) -> None:
    a = write(tmp_path / "a.png", 40, 32)
    assert read_images([a], size=16, crop="none").shape == (1, 3, 16, 20)
    b = write(tmp_path / "b.png", 90, 30)
    with pytest.raises(InputError, match=r"20 x 16 pixels and .* 48 x 16"):
        read_images([a, b], size=16, crop="none")


def test_enlarging_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = write(tmp_path / "a.png", 17, 11)
    assert read_images([path], size=24).shape == (1, 3, 24, 24)
    assert caplog.messages == [f"{path}: 17 x 11 pixels, enlarged to a short side of 24"]


def test_too_small_images_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.png", 17, 11)
    with pytest.raises(InputError, match="17 x 11 pixels; expected at least 16 x 16"):
        read_images([path])
    with pytest.raises(InputError, match=r"^size 8 is too small; expected at least 16"):
        read_images([path], size=8)
    assert read_images([path], min_side=11).shape == (1, 3, 11, 17)


def test_masks_are_grey_and_scaled_and_cut_like_their_images(tmp_path: Path) -> None:
    pixels = np.zeros((40, 60), dtype=np.uint8)
    pixels[:, 30:] = 255
    pixels[0, 0] = 51
    path = tmp_path / "mask.png"
    Image.fromarray(pixels).save(path)
    mask = read_mask(path, torch.zeros(3, 40, 60))
    assert mask.shape == (40, 60) and mask[0, 0] == np.float32(0.2)
    assert (mask[:, 30:] == 1).all() and (mask[1:, :30] == 0).all()
    square = read_mask(path, torch.zeros(3, 20, 20), size=20)
    assert (square[:, :8] == 0).all() and square[:, 12:].min() > 0.999
    middle = read_mask(path, torch.zeros(2, 3, 30, 60), crop="center")
    assert torch.equal(middle, mask[5:35])
    with pytest.raises(InputError) as error:
        read_mask(path, torch.zeros(3, 64, 64))
    assert one_line(error) == (
        f"{path}: 60 x 40 pixels; expected 64 x 64 of a mask, as the images are"
    )
