"""Maps of materials: kinds by names, values as they are stored."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, PngImagePlugin

from elpips.media.map_files import kind_named, kind_of_map, read_map_pair
from elpips.metrics import InputError


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("bricks_basecolor.png", "base"),
        ("Bricks075A_1K-PNG_Color.png", "base"),
        ("brick_wall_001_diffuse_4k.png", "base"),
        ("brick_wall_001_diff_4k.png", "base"),
        ("T_Wall_Base_Color.png", "base"),
        ("metal_plate_albedo.png", "base"),
        ("Bricks075A_1K-PNG_NormalGL.png", "normal"),
        ("wall_nor_gl_4k.png", "normal"),
        ("wall_nrm.png", "normal"),
        ("Bricks075A_1K-PNG_NormalDX.png", "normal_dx"),
        ("wall_nor_dx_4k.png", "normal_dx"),
        ("wall_rough_4k.png", "roughness"),
        ("Wall_Roughness.png", "roughness"),
        ("wall_metalness.png", "metallic"),
        ("Bricks075A_1K-PNG_Displacement.png", "height"),
        ("wall-disp.png", "height"),
        ("wall_ao_4k.png", "occlusion"),
        ("Bricks_AmbientOcclusion.png", "occlusion"),
        ("leaf_opacity.png", "opacity"),
        ("lamp_emissive.png", "emissive"),
        ("wall_arm_4k.png", "packed"),
        ("preview.png", None),
        ("4k.png", None),
    ],
)
def test_names_say_kinds(name: str, kind: str | None) -> None:
    assert kind_of_map(name) == kind


def test_kinds_are_named() -> None:
    assert kind_named("height") == "height" and kind_named("skip") is None
    with pytest.raises(InputError, match="roughness"):
        kind_named("rough")


def test_data_are_read_as_stored_and_colours_as_seen(tmp_path: Path) -> None:
    linear = PngImagePlugin.PngInfo()
    linear.add(b"gAMA", (100000).to_bytes(4, "big"))
    for name in "ab":
        pixels = np.full((20, 18, 3), 100, np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{name}.png", pnginfo=linear)
    paths = [tmp_path / "a.png", tmp_path / "b.png"]
    data, colour = (read_map_pair(paths, kind) for kind in ("roughness", "base"))
    assert data.images.shape == (2, 3, 20, 18) and not data.deep and not data.grey
    assert torch.all(data.images == np.float32(100 / 255))
    assert colour.images.min() > 0.6


def test_sixteen_bits_are_kept_and_noticed(tmp_path: Path) -> None:
    ramp = np.arange(20 * 18, dtype=np.uint16).reshape(20, 18) * 3
    Image.fromarray(ramp).save(tmp_path / "a.png")
    Image.fromarray((ramp // 256).astype(np.uint8)).save(tmp_path / "b.png")
    found = read_map_pair([tmp_path / "a.png", tmp_path / "b.png"], "height")
    assert found.deep and found.grey
    assert np.array_equal((found.images[0, 2] * 65535).round().numpy(), ramp)


def test_what_cannot_be_read_is_said_with_its_name(tmp_path: Path) -> None:
    for size, name in ((20, "a"), (24, "b")):
        Image.new("L", (size, size)).save(tmp_path / f"{name}.png")
    Image.new("CMYK", (20, 20)).save(tmp_path / "c.jpg")
    (tmp_path / "d.png").write_bytes(b"no picture")
    a = tmp_path / "a.png"
    for other, said in (("b.png", "expected one size"), ("c.jpg", "CMYK"), ("d.png", "d.png")):
        with pytest.raises(InputError, match=said):
            read_map_pair([a, tmp_path / other], "height")
    assert read_map_pair([a, tmp_path / "b.png"], "height", size=16).images.shape[-1] == 16
