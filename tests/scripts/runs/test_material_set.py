"""Which files of two folders are maps of one kind."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import torch
from PIL import Image

from elpips.metrics import InputError
from elpips.scripts.runs.material_set import find_maps, form_of
from elpips.scripts.runs.options import PictureOptions
from elpips.scripts.runs.path_setup import ShowOptions


def fill(folder: Path, *names: str, side: int = 20) -> Path:
    folder.mkdir(exist_ok=True)
    for name in names:
        Image.new("RGB", (side, side), (120, 140, 230)).save(folder / f"{name}.png")
    return folder


@pytest.fixture
def sets(tmp_path: Path) -> tuple[Path, Path]:
    return (
        fill(tmp_path / "a", "x_albedo", "x_normal", "x_ao", "x_rough", "sphere"),
        fill(tmp_path / "b", "y_color", "y_nor_gl", "y_height", "y_roughness"),
    )


def test_maps_of_both_are_found_and_the_rest_is_told(
    sets: tuple[Path, Path], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "elpips"):
        found = find_maps(*sets, [])
    assert [(each.kind, each.role) for each in found] == [
        ("base", "colour"),
        ("normal", "normal"),
        ("roughness", "data"),
    ]
    assert found[1].start.name == "x_normal.png" and found[1].end.name == "y_nor_gl.png"
    told = caplog.text
    assert "x_ao.png: left out, the other side has no occlusion" in told
    assert "y_height.png: left out" in told and "sphere.png: left out, its name" in told
    assert "normal (normal): x_normal.png and y_nor_gl.png" in told


def test_kinds_can_be_given(sets: tuple[Path, Path]) -> None:
    found = find_maps(*sets, ["x_ao.png=height", "x_rough.png=skip"])
    assert [each.kind for each in found] == ["base", "height", "normal"]
    assert found[1].start.name == "x_ao.png"


@pytest.mark.parametrize(
    ("kinds", "said"),
    [
        (["x_ao.png"], "expected FILE=KIND"),
        (["z.png=height"], "there is no file z.png"),
        (["x_ao.png=hight"], "kind 'hight'"),
        (["x_ao.png=roughness"], "is a second roughness beside|is a second roughness"),
        (["x_albedo.png=skip"], "has no base colour"),
    ],
)
def test_what_is_wrong_with_kinds_is_said(
    sets: tuple[Path, Path], kinds: list[str], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        find_maps(*sets, kinds)


def test_maps_have_the_base_colours_size(sets: tuple[Path, Path], tmp_path: Path) -> None:
    fill(sets[0], "x_normal", side=32)
    fill(sets[1], "y_nor_gl", side=32)
    normal = find_maps(*sets, [])[1]
    with pytest.raises(InputError, match=r"32 x 32 pixels and the base colour 20 x 20.*--size"):
        normal.read(PictureOptions(), torch.zeros(2, 3, 20, 20))
    scaled = normal.read(PictureOptions(size=20), torch.zeros(2, 3, 20, 20)).images
    assert ((2 * scaled - 1).norm(dim=1) - 1).abs().max() < 1e-5


def test_deep_maps_are_written_deep() -> None:
    assert [form_of(ShowOptions(), deep) for deep in (False, True)] == ["png", "png16"]
    assert form_of(ShowOptions(frame_format="tiff"), True) == "tiff"
