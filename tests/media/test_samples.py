from __future__ import annotations

import dataclasses

import pytest
import torch

from elpips.media import read_sample, read_squares, sample_names, samples
from elpips.metrics.errors import InputError

GREY = {"camera", "brick", "grass", "gravel", "brick_left", "brick_right"} | {
    "gravel_left",
    "gravel_right",
}


@pytest.mark.parametrize("name", sample_names())
def test_every_sample_is_there(name: str) -> None:
    image = read_sample(name)
    assert image.dtype == torch.float32
    assert image.shape[0] == 3
    assert min(image.shape[1:]) >= 96
    assert 0 <= image.min() < image.max() <= 1
    assert image.std() > 0.05
    assert torch.equal(image[0], image[1]) == (name in GREY)


def test_crops_are_whole() -> None:
    for name, sample in samples._SAMPLES.items():
        if sample.box is not None:
            _, _, width, height = sample.box
            assert read_sample(name).shape == (3, height, width)


def test_an_unknown_sample_is_refused_with_the_names() -> None:
    with pytest.raises(InputError, match="no sample image 'lena'; expected one of astronaut, "):
        read_sample("lena")


def test_a_sample_that_was_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    sample = dataclasses.replace(samples._SAMPLES["chelsea"], file="gone.png")
    monkeypatch.setitem(samples._SAMPLES, "chelsea", sample)
    with pytest.raises(InputError, match=r"this installation of skimage has no gone\.png"):
        read_sample("chelsea")


def test_squares_are_the_middles_of_one_size() -> None:
    squares = read_squares(["coffee", "brick"], 32)
    assert squares.shape == (2, 3, 32, 32)
    # Of the grey 512 x 512 texture, the square is all: what it is on average stays.
    assert float(squares[1].mean()) == pytest.approx(float(read_sample("brick").mean()), abs=2e-3)
