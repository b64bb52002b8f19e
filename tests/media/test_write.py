from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from elpips.media import read_image, save_image, to_uint8
from elpips.metrics.errors import InputError


def test_to_uint8_rounds_and_clips() -> None:
    values = torch.tensor([-0.1, 0.0, 0.4 / 255, 0.6 / 255, 100.49 / 255, 100.51 / 255, 1.0, 1.1])
    image = values.expand(3, 1, 8)
    expected = [0, 0, 0, 1, 100, 101, 255, 255]
    np.testing.assert_array_equal(to_uint8(image)[0, :, 0], expected)
    assert to_uint8(image.expand(4, 5, 3, 1, 8)).shape == (4, 5, 1, 8, 3)
    assert to_uint8(image.requires_grad_().bfloat16()).dtype == np.uint8


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_to_uint8_refuses_what_is_not_finite(bad: float) -> None:
    with pytest.raises(InputError, match="NaN or infinite"):
        to_uint8(torch.full((3, 2, 2), bad))


def test_saved_images_are_read_back_exactly(tmp_path: Path) -> None:
    generator = torch.Generator().manual_seed(0)
    image = torch.randint(256, (3, 11, 17), generator=generator) / 255
    save_image(str(tmp_path / "a.png"), image)
    torch.testing.assert_close(read_image(tmp_path / "a.png"), image, rtol=0, atol=0)
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_save_image_refuses_other_shapes_and_nan(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"expected an image \(3, H, W\), found \(1, 3, 4, 4\)"):
        save_image(tmp_path / "a.png", torch.zeros(1, 3, 4, 4))
    with pytest.raises(InputError, match="NaN"):
        save_image(tmp_path / "a.png", torch.full((3, 4, 4), float("nan")))
    assert not list(tmp_path.iterdir())


def test_save_image_says_why_it_cannot_write(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        save_image(tmp_path / "missing" / "a.png", torch.zeros(3, 4, 4))
    assert str(error.value).endswith("a.png: cannot be written (No such file or directory)")


def test_save_image_refuses_names_of_other_formats(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.jpg: pictures are saved as PNG; expected .*\.png"):
        save_image(tmp_path / "a.jpg", torch.zeros(3, 4, 4))
    assert not list(tmp_path.iterdir())
