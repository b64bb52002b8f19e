"""Recipes name parts that exist and fit."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from elpips.metrics import weights
from elpips.metrics.recipes import CHANNELS, RECIPES, TRUNK_OF
from elpips.metrics.weights.registry import ASSETS

TORCHVISION = {"vgg16": "vgg16", "alexnet": "alexnet", "squeezenet1_1": "squeezenet1_1"}


@pytest.mark.parametrize("name", RECIPES)
def test_a_network_of_the_recipe_has_the_channels_it_says(name: str) -> None:
    models = pytest.importorskip("torchvision").models
    features = getattr(models, TORCHVISION[TRUNK_OF[name]])().features.state_dict()
    tensors = {f"features.{key}": torch.zeros_like(value) for key, value in features.items()}
    layers = RECIPES[name].build(tensors, 1.0)(torch.zeros(1, 3, 64, 64), lambda x: x)
    assert tuple(layer.shape[1] for layer in layers) == CHANNELS[name]


@pytest.mark.parametrize("name", RECIPES)
def test_weights_of_the_recipe_are_registered_or_come_along(name: str) -> None:
    recipe = RECIPES[name]
    if name == "rlpips_vgg":
        pytest.skip("it takes files only")
    for part in (recipe.trunk, recipe.linear, recipe.stand_in):
        comes_along = part is not None and (Path(weights.__file__).parent / part).is_file()
        assert part is None or comes_along or part in ASSETS
