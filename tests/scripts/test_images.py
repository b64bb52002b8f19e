from __future__ import annotations

import errno
import tempfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from elpips.media.read import Crop, center_crop, read_image, read_images, resize_short_side
from elpips.media.write import save_image, to_uint8
from elpips.metrics.errors import InputError
from elpips.metrics.files import atomic_write
from elpips.scripts.runs.files import prepare_outdir, print_notice


def no_notice(text: str) -> None:
    raise AssertionError(f"unexpected notice: {text}")


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


def test_load_image_is_a_float_tensor_of_three_channels(tmp_path: Path) -> None:
    path = write(tmp_path / "a.png", 17, 11)
    image = read_image(path, notices=no_notice)
    assert image.shape == (3, 11, 17)
    assert image.dtype == torch.float32
    assert image.is_contiguous()
    np.testing.assert_array_equal(to_uint8(image), np.asarray(Image.open(path)))


def test_load_image_takes_a_string(tmp_path: Path) -> None:
    assert read_image(str(write(tmp_path / "a.png", 17, 11))).shape == (3, 11, 17)


def test_notices_name_the_file(tmp_path: Path) -> None:
    path = write(tmp_path / "a.png", 17, 11, "RGBA")
    notices: list[str] = []
    read_image(path, notices=notices.append)
    assert notices == [
        f"{path}: transparency was composited on white (--alpha ignore leaves it out)"
    ]


def test_notices_go_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    print_notice("a notice")
    assert capsys.readouterr() == ("", "a notice\n")


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
def test_load_image_names_the_file_it_refuses(tmp_path: Path, make: object, expected: str) -> None:
    path = tmp_path / "a.png"
    make(path)
    with pytest.raises(InputError) as error:
        read_image(path)
    assert one_line(error).startswith(f"{path}: ")
    assert expected in one_line(error)


def test_load_image_refuses_a_truncated_file(tmp_path: Path) -> None:
    path = write(tmp_path / "a.png", 170, 110)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(InputError, match=r"a\.png: the image is damaged .*truncated"):
        read_image(path)


def test_load_image_refuses_what_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.png", 17, 11)

    def refuse(self: Path) -> bytes:
        raise PermissionError(errno.EACCES, "Permission denied", str(self))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(InputError, match=r"cannot be read \(Permission denied\)"):
        read_image(path)
    monkeypatch.undo()
    with pytest.raises(InputError, match=r"cannot be read \(Not a directory\)"):
        read_image(path / "below.png")


def test_load_images_of_one_size_are_a_batch(tmp_path: Path) -> None:
    paths = [write(tmp_path / f"{name}.png", 17, 19) for name in "abc"]
    batch = read_images(paths, notices=no_notice)
    assert batch.shape == (3, 3, 19, 17)
    torch.testing.assert_close(batch[1], read_image(paths[1]), rtol=0, atol=0)


def test_load_images_wants_one() -> None:
    with pytest.raises(InputError, match="no images given"):
        read_images([])


@pytest.mark.parametrize("crop", [None, "none", "square"])
def test_load_images_of_different_sizes_are_refused(tmp_path: Path, crop: Crop | None) -> None:
    a, b = write(tmp_path / "a.png", 17, 19), write(tmp_path / "b.png", 20, 23)
    with pytest.raises(InputError) as error:
        read_images([a, b], crop=crop)
    sizes = ("17 x 17", "20 x 20") if crop == "square" else ("17 x 19", "20 x 23")
    message = one_line(error)
    for part in (str(a), str(b), *sizes, "--size", "--crop"):
        assert part in message


def test_center_crops_to_the_common_size(tmp_path: Path) -> None:
    a, b = write(tmp_path / "a.png", 31, 18), write(tmp_path / "b.png", 20, 27)
    batch = read_images([a, b], crop="center", notices=no_notice)
    assert batch.shape == (2, 3, 18, 20)
    torch.testing.assert_close(batch[0], read_image(a)[:, :, 5:25])
    torch.testing.assert_close(batch[1], read_image(b)[:, 4:22])


def test_square_crops_to_the_middle(tmp_path: Path) -> None:
    a = write(tmp_path / "a.png", 31, 18)
    batch = read_images([a], crop="square", notices=no_notice)
    torch.testing.assert_close(batch[0], read_image(a)[:, :, 6:24])


@pytest.mark.parametrize(
    ("crop", "shape"), [(None, (16, 16)), ("square", (16, 16)), ("center", (16, 20))]
)
def test_size_is_the_short_side(tmp_path: Path, crop: Crop | None, shape: tuple[int, int]) -> None:
    a, b = write(tmp_path / "a.png", 40, 32), write(tmp_path / "b.png", 90, 30)
    batch = read_images([a, b], size=16, crop=crop, notices=no_notice)
    assert batch.shape == (2, 3, *shape)
    assert 0 <= batch.min() <= batch.max() <= 1


def test_size_without_crop_keeps_the_shape(tmp_path: Path) -> None:
    a = write(tmp_path / "a.png", 40, 32)
    assert read_images([a], size=16, crop="none").shape == (1, 3, 16, 20)
    b = write(tmp_path / "b.png", 90, 30)
    with pytest.raises(InputError, match=r"20 x 16 pixels and .* 48 x 16"):
        read_images([a, b], size=16, crop="none")


def test_enlarging_is_told(tmp_path: Path) -> None:
    path = write(tmp_path / "a.png", 17, 11)
    notices: list[str] = []
    assert read_images([path], size=24, notices=notices.append).shape == (1, 3, 24, 24)
    assert notices == [f"{path}: 17 x 11 pixels, enlarged to a short side of 24"]


def test_too_small_images_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.png", 17, 11)
    with pytest.raises(InputError, match="17 x 11 pixels; expected at least 16 x 16"):
        read_images([path])
    with pytest.raises(InputError, match="--size 8 is too small; expected at least 16"):
        read_images([path], size=8)
    assert read_images([path], min_side=11).shape == (1, 3, 11, 17)


def test_resizing_keeps_flat_images_and_the_mean() -> None:
    flat = torch.full((3, 37, 53), 0.3)
    torch.testing.assert_close(resize_short_side(flat, 16), torch.full((3, 16, 23), 0.3))
    noise = torch.rand((3, 64, 96), generator=torch.Generator().manual_seed(0))
    small = resize_short_side(noise, 16)
    torch.testing.assert_close(small.mean(), noise.mean(), atol=0.01, rtol=0)
    # Antialiasing averages; picking pixels would keep the deviation.
    assert small.std() < 0.4 * noise.std()
    assert resize_short_side(noise, 64) is noise


def test_resizing_clips_the_overshoot() -> None:
    step = torch.zeros((3, 20, 20))
    step[:, :, 10:] = 1
    large = resize_short_side(step, 50)
    assert large.min() == 0
    assert large.max() == 1


def test_center_crop_of_a_batch() -> None:
    batch = torch.arange(2 * 3 * 5 * 7).reshape(2, 3, 5, 7)
    torch.testing.assert_close(center_crop(batch, 3, 2), batch[..., 1:4, 2:4])


def test_to_uint8_rounds_and_clips() -> None:
    values = torch.tensor([-0.1, 0.0, 0.4 / 255, 0.6 / 255, 100.49 / 255, 100.51 / 255, 1.0, 1.1])
    image = values.expand(3, 1, 8)
    expected = [0, 0, 0, 1, 100, 101, 255, 255]
    np.testing.assert_array_equal(to_uint8(image)[0, :, 0], expected)
    assert to_uint8(image.expand(4, 5, 3, 1, 8)).shape == (4, 5, 1, 8, 3)
    assert to_uint8(image.requires_grad_().bfloat16()).dtype == np.uint8


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_to_uint8_refuses_what_is_not_finite(bad: float) -> None:
    with pytest.raises(ValueError, match="NaN or infinite"):
        to_uint8(torch.full((3, 2, 2), bad))


def test_saved_images_are_read_back_exactly(tmp_path: Path) -> None:
    image = read_image(write(tmp_path / "a.png", 17, 11))
    save_image(tmp_path / "b.png", image)
    torch.testing.assert_close(read_image(tmp_path / "b.png"), image, rtol=0, atol=0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "b.png"]


def test_save_png_refuses_other_shapes_and_nan(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"expected an image \(3, H, W\), found \(1, 3, 4, 4\)"):
        save_image(tmp_path / "a.png", torch.zeros(1, 3, 4, 4))
    with pytest.raises(ValueError, match="NaN"):
        save_image(tmp_path / "a.png", torch.full((3, 4, 4), float("nan")))
    assert not list(tmp_path.iterdir())


def test_save_png_says_why_it_cannot_write(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        save_image(tmp_path / "missing" / "a.png", torch.zeros(3, 4, 4))
    assert "cannot be written (No such file or directory)" in one_line(error)


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(InputError, match="No space left"), atomic_write(path) as temporary:
        assert temporary.suffix == ".txt"
        temporary.write_text("ne")
        raise OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(KeyboardInterrupt), atomic_write(path) as temporary:
        temporary.write_text("ne")
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_prepare_outdir_makes_folders_and_leaves_them_empty(tmp_path: Path) -> None:
    folder = prepare_outdir(tmp_path / "a" / "b")
    assert folder == tmp_path / "a" / "b"
    assert list(folder.iterdir()) == []
    assert prepare_outdir(str(folder)) == folder


def test_prepare_outdir_refuses_files(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(InputError) as error:
        prepare_outdir(file)
    assert one_line(error) == f"{file}: is a file; expected a folder to write to"
    with pytest.raises(InputError, match=r"below: cannot be written to \(Not a directory\)"):
        prepare_outdir(file / "below")


def test_prepare_outdir_tries_to_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**options: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    with pytest.raises(InputError, match=r"cannot be written to \(Permission denied\); name ano"):
        prepare_outdir(tmp_path)
